// The training job behind a registered model version: the gate needs its evidence.
import { apiVersions } from "../../../azure/ids.ts";
import { lineage } from "../model.ts";
import type { Workspace } from "../workspace.ts";

interface Run {
  readonly rootRunId?: string | null;
  readonly runId?: string;
}

/** Name of the job whose run, or whose step's run, registered the version; undefined when it was registered by hand. */
export async function jobOf(workspace: Workspace, name: string, version: string): Promise<string | undefined> {
  const path = `${workspace.id}/models/${name}/versions/${version}`;
  const model = await workspace.azure.find<Parameters<typeof lineage>[0]>(path, { apiVersion: apiVersions.machineLearning });
  for (const run of model ? lineage(model) : []) {
    const history = await workspace.history();
    const scope = workspace.azure.cloud.resourceManagerScope;
    const found = await workspace.azure.find<Run>(`${history}/runs/${encodeURIComponent(run)}`, { scope });
    if (found) return found.rootRunId ?? found.runId ?? run;
  }
  return undefined;
}
