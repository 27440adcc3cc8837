// The model's name, where no stack config says it: the one that the project's deployment names.
import { modelNameOf, readAsset } from "../assets/index.ts";
import { diskFiles } from "./files.ts";

/** Name in `model:` of deploy/blue-deployment.yml (`azureml:diabetes@latest` → diabetes); undefined when it names none. */
export function modelNameIn(repo: string, project: string): string | undefined {
  const read = readAsset(`${project}/deploy/blue-deployment.yml`, diskFiles(repo), { kind: "onlineDeployment" });
  return read.ok ? modelNameOf(read.asset) : undefined;
}
