// A job as a client sees it at this moment: what was sent, and how it stands.
import type { ArmResource, SandboxContext } from "../core.ts";
import { tagsOf } from "../runs/logged.ts";
import { pageUrl } from "../runs/page.ts";
import type { Run } from "../runs/run.ts";
import { textOf } from "../runs/text.ts";
import { isObject } from "./fields.ts";
import { longUri } from "./outputs.ts";
import { workspaceIdOf } from "./runner.ts";

/** @param run undefined while the job is being taken */
export function shownJob(resource: ArmResource, run: Run | undefined, sandbox: SandboxContext): ArmResource {
  const workspaceId = workspaceIdOf(resource);
  const workspace = sandbox.resources.get(workspaceId)!;
  // Nobody declared the output of AutoML jobs, and trials have their search's.
  const undeclared = run?.kind === "automl" ? { best_model: {} } : run?.kind === "trial" ? run.outputs : {};
  const outputs = Object.fromEntries(
    Object.entries({ ...undeclared, ...(resource.properties["outputs"] as Record<string, unknown> | undefined) }).map(([name, output]) => {
      const made = run?.outputs[name];
      const usual = `azureml://datastores/workspaceblobstore/paths/azureml/${resource.name}/${name}/`;
      const declared = isObject(output) ? output : {};
      const uri = textOf(made?.uri ?? declared["uri"], usual)
        .replaceAll(/\$\{\{\s*name\s*\}\}/g, resource.name)
        .replaceAll(/\$\{\{\s*output_name\s*\}\}/g, name);
      return [
        name,
        {
          description: null,
          mode: "ReadWriteMount",
          jobOutputType: made?.type ?? "uri_folder",
          ...(name in undeclared ? {} : declared),
          uri: longUri(workspace, uri),
        },
      ];
    }),
  );
  return {
    ...resource,
    properties: {
      ...resource.properties,
      outputs,
      status: run?.status ?? "NotStarted",
      services: servicesOf(resource, workspaceId, sandbox),
      ...(run
        ? {
            displayName: run.displayName,
            description: run.description ?? null,
            tags: tagsOf(sandbox, run),
            properties: run.properties,
            isArchived: run.hidden,
            parentJobName: run.parent ?? null,
          }
        : {}),
    },
  };
}

function servicesOf(job: ArmResource, workspaceId: string, sandbox: SandboxContext): Record<string, unknown> {
  const { base } = sandbox.urls;
  const service = (jobServiceType: string, endpoint: string) => ({
    jobServiceType,
    port: null,
    endpoint,
    status: null,
    errorMessage: null,
    properties: null,
    nodes: null,
  });
  return {
    Tracking: service("Tracking", `${base.replace(/^https/, "azureml")}/mlflow/v1.0${workspaceId}?`),
    Studio: service("Studio", pageUrl(sandbox, { workspace: workspaceId.toLowerCase(), id: job.name })),
  };
}
