// From a batch deployment and a request for it to the pipeline that is run: one scoring step, or the deployment's pipeline component.
import { basename } from "node:path/posix";
import { randomUUID } from "node:crypto";
import { ArmError } from "../../core.ts";
import type { ArmResource, SandboxContext } from "../../core.ts";
import { locate } from "../../ml/locate.ts";
import { readFile } from "../../runs/artifacts.ts";
import { textOf } from "../../runs/text.ts";
import { componentSpec } from "../components.ts";
import { durationOf, field, inputOf, isObject, objectField, textField, texts, type Json } from "../fields.ts";
import { planJob } from "../plan.ts";
import { notModeled, userError } from "../refuse.ts";
import type { Plan, StepInput, StepOutput, StepSpec } from "../spec.ts";

/** `UriFolder` → `uri_folder`, as jobs write types. */
const typeNames: Readonly<Record<string, string>> = {
  urifile: "uri_file",
  urifolder: "uri_folder",
  mltable: "mltable",
  literal: "literal",
  mlflowmodel: "mlflow_model",
  custommodel: "custom_model",
  tritonmodel: "triton_model",
};
const typeNamed = (name: unknown): string => typeNames[String(name).replaceAll("_", "").toLowerCase()] ?? String(name);

/** The request's inputs in a job's words; `{UriFolder: {…}}` says type and value in one. */
export function inputsOf(request: Json): Record<string, Json> {
  const inputs: Record<string, Json> = {};
  for (const [name, raw] of Object.entries(objectField(request, "inputData"))) {
    if (!isObject(raw)) throw userError(`inputData.${name} is not an object.`, `inputData.${name}`);
    inputs[name] = { ...raw, jobInputType: typeNamed(field(raw, "jobInputType") ?? field(raw, "type") ?? name) };
  }
  return inputs;
}

export const componentOf = (deployment: ArmResource): string | undefined => {
  const configuration = objectField(deployment.properties, "deploymentConfiguration");
  const id = field(configuration, "componentId");
  return typeof id === "string" ? id : isObject(id) ? textField(id, "assetId") : undefined;
};

/** The model's reference: an asset, a datastore path or a job's output. */
export function modelOf(deployment: ArmResource): string | undefined {
  const model = field(deployment.properties, "model");
  if (!isObject(model)) return typeof model === "string" ? model : undefined;
  const path = textField(model, "path");
  if (textField(model, "referenceType") === "OutputPath")
    return `azureml://jobs/${textField(model, "jobId")?.split("/").at(-1)}/outputs/${path ?? "default"}`;
  if (textField(model, "referenceType") === "DataPath")
    return `azureml://datastores/${textField(model, "datastoreId")?.split("/").at(-1)}/paths/${path ?? ""}`;
  return textField(model, "assetId");
}

/** What a job of the deployment runs. Throws ArmError 400 for what the request lacks. */
export async function batchPlan(
  sandbox: SandboxContext,
  workspaceId: string,
  job: string,
  deployment: ArmResource,
  request: Json,
): Promise<Plan> {
  const component = componentOf(deployment);
  return component === undefined
    ? await scoring(sandbox, workspaceId, job, deployment, request)
    : pipeline(sandbox, workspaceId, job, component, deployment, request);
}

function pipeline(
  sandbox: SandboxContext,
  workspaceId: string,
  job: string,
  componentId: string,
  deployment: ArmResource,
  request: Json,
): Plan {
  const settings = objectField(objectField(deployment.properties, "deploymentConfiguration"), "settings");
  const outputs = Object.fromEntries(
    Object.entries(objectField(request, "outputData")).map(([name, raw]) => [
      name,
      isObject(raw) ? { ...raw, jobOutputType: typeNamed(field(raw, "jobOutputType")) } : raw,
    ]),
  );
  return planJob(
    job,
    { jobType: "Pipeline", componentId, settings, inputs: inputsOf(request), outputs },
    { component: (id) => componentSpec(sandbox, id, workspaceId), newRunId: randomUUID },
  );
}

async function scoring(sandbox: SandboxContext, workspaceId: string, job: string, deployment: ArmResource, request: Json): Promise<Plan> {
  const properties = deployment.properties;
  const setting = (key: string): unknown => field(request, key) ?? field(properties, key);
  const inputs: Record<string, StepInput> = {};
  for (const [name, raw] of Object.entries(inputsOf(request))) {
    const input = inputOf(name, raw);
    if (input?.kind !== "uri" || !["uri_file", "uri_folder"].includes(input.type))
      throw input?.kind === "uri"
        ? notModeled(
            `Input "${name}" of type ${input.type}`,
            "a model deployment scores files and folders; give it the MLTable's folder as uri_folder",
          )
        : userError(`Input "${name}" is a literal; a model deployment takes uri_file and uri_folder.`, `inputData.${name}`);
    inputs[`data_${Object.keys(inputs).length}`] = { ...input, mode: "ro_mount" };
  }
  const names = Object.keys(inputs);
  if (names.length === 0) throw userError("The request has no inputData; name a file or a folder to score.", "inputData");
  const model = modelOf(deployment);
  const place = model === undefined ? undefined : locate(sandbox, model, workspaceId);
  const mlflow = objectField(properties, "codeConfiguration")["codeId"] === undefined;
  if (model !== undefined) inputs["model"] = { kind: "uri", type: "custom_model", uri: model, mode: "download" };
  const runId = randomUUID();
  const { output, file } = outputFor(request, setting, runId);
  const resources = objectField(properties, "resources");
  const compute = objectField(request, "compute");
  const instances = Number(field(compute, "instanceCount") ?? field(resources, "instanceCount") ?? 1);
  const retry = { ...objectField(properties, "retrySettings"), ...objectField(request, "retrySettings") };
  const environmentId = textField(properties, "environmentId");
  const conda =
    place && "path" in place && environmentId === undefined
      ? await readFile(sandbox, { ...place, path: place.path.replace(/\/+$/, "") }, "conda.yaml")
      : undefined;
  if (environmentId === undefined && !conda)
    throw userError(
      `Deployment '${deployment.name}' has no environment, and its model brings none (conda.yaml of an MLflow model).`,
      "environmentId",
    );
  const code = objectField(properties, "codeConfiguration");
  const codeId = textField(code, "codeId");
  const spec: StepSpec = {
    command: `python "$SANDBOX_TOOL" ${model === undefined ? "" : '--model "${{inputs.model}}"'} --output "\${{outputs.score}}" ${names.map((name) => `"\${{inputs.${name}}}"`).join(" ")}`,
    tool: "jobs/batch/driver.py",
    environmentId: environmentId ?? "the model's own",
    ...(environmentId === undefined
      ? { environment: { image: "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04", condaFile: conda!.toString("utf8") } }
      : {}),
    inputs,
    outputs: { score: output },
    environmentVariables: {
      ...texts(objectField(properties, "environmentVariables")),
      SANDBOX_BATCH: JSON.stringify({
        mlflow,
        script: textField(code, "scoringScript"),
        model_name: place && "path" in place ? basename(place.path.replace(/\/+$/, "")) || "model" : "model",
        mini_batch_size: Number(setting("miniBatchSize")),
        concurrency: Number(field(properties, "maxConcurrencyPerInstance")) * instances,
        error_threshold: Number(setting("errorThreshold")),
        output_action: /summary/i.test(String(field(properties, "outputAction"))) ? "summary_only" : "append_row",
        output_file: file,
        max_retries: Number(field(retry, "maxRetries") ?? 3),
        timeout: (durationOf(field(retry, "timeout"), "retrySettings.timeout") ?? 30_000) / 1000,
      }),
    },
    instances,
    identity: "default",
    ...(codeId ? { codeId } : {}),
    ...((textField(compute, "target") ?? textField(properties, "compute"))
      ? { computeId: textField(compute, "target") ?? textField(properties, "compute")! }
      : {}),
  };
  const step = { runId, parent: job, path: "batchscoring", displayName: "batchscoring", after: [], spec };
  return { steps: [step], groups: [], outputs: {}, continueOnFailure: false };
}

/** Where the predictions go: the folder of the request's output and its file's name, or the run's own folder. */
function outputFor(request: Json, setting: (key: string) => unknown, runId: string): { output: StepOutput; file: string } {
  const file = textOf(setting("outputFileName"), "predictions.csv");
  const asked = Object.values(objectField(request, "outputData")).find(isObject);
  const uri = asked === undefined ? undefined : textField(asked, "uri");
  const dataset = objectField(request, "outputDataset");
  if (uri !== undefined) {
    const isFile = typeNamed(field(asked!, "jobOutputType")) === "uri_file";
    const folder = isFile ? uri.slice(0, uri.lastIndexOf("/") + 1) : uri;
    return { output: { type: "uri_folder", mode: "rw_mount", uri: folder }, file: isFile ? basename(uri) : file };
  }
  const store =
    textField(dataset, "datastoreId")
      ?.replace(/^azureml:/, "")
      .split("/")
      .at(-1) ?? "workspaceblobstore";
  const path = textField(dataset, "path")?.replace(/^\/+|\/+$/g, "") ?? `azureml/${runId}/score`;
  return { output: { type: "uri_folder", mode: "rw_mount", uri: `azureml://datastores/${store}/paths/${path}/` }, file };
}

/** The deployment that a request means: the one that its header names, else the endpoint's default. Throws 400, 404. */
export function chosenDeployment(endpoint: ArmResource, header: string | undefined, sandbox: SandboxContext): ArmResource {
  const name = header ?? textField(objectField(endpoint.properties, "defaults"), "deploymentName");
  if (!name)
    throw userError(
      `Endpoint '${endpoint.name}' has no default deployment; name one (header azureml-model-deployment), or set the endpoint's defaults.deployment_name.`,
    );
  const deployment = sandbox.resources.get(`${endpoint.id}/deployments/${name}`);
  if (!deployment) throw new ArmError(404, "ResourceNotFound", `Endpoint '${endpoint.name}' has no deployment '${name}'.`);
  if (deployment.properties["provisioningState"] !== "Succeeded")
    throw new ArmError(
      409,
      "Conflict",
      `Deployment '${name}' is ${String(deployment.properties["provisioningState"])}; wait until it has succeeded.`,
    );
  return deployment;
}
