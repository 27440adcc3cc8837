// The model's name, where no stack config says it: the one that the project's deployment names.
import { modelNameOf, readAsset } from "../assets/index.ts";
import { diskFiles } from "./files.ts";
import { projectFileIfThere } from "./project.ts";

/** Name in `model:` of the project's deployment (`azureml:diabetes@latest` → diabetes); undefined when it names none. */
export async function modelNameIn(repo: string, project: string): Promise<string | undefined> {
  const path = projectFileIfThere(repo, project, "deployment") ?? projectFileIfThere(repo, project, "automlDeployment");
  const read = path && (await readAsset(path, diskFiles(repo), { kind: "onlineDeployment" }));
  return read && read.ok ? modelNameOf(read.asset) : undefined;
}
