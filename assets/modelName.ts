// The model that an online deployment's file names.
import type { Asset } from "./asset.ts";

/** Name in `model:`, whichever version it says (`azureml:diabetes@latest` → diabetes), or that of the model in the file itself. */
export function modelNameOf(deployment: Asset): string | undefined {
  const reference = deployment.references.find(({ type }) => type === "model");
  const inline = deployment.dependencies.find(({ asset }) => asset.kind === "model");
  return reference?.name ?? inline?.asset.name ?? undefined;
}
