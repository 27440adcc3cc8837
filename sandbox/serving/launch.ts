// From a deployment's resource to the process that serves it: environment, variables, command.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { bringFiles } from "./files.ts";
import type { DeploymentFiles } from "./files.ts";
import type { Launch } from "./instance.ts";
import { checkEndpointIdentity } from "./permission.ts";
import { workspaceOf } from "./parts.ts";
import type { Parts, PythonEnvironment } from "./parts.ts";
import type { DeploymentSpec } from "./spec.ts";

const SERVER = "azureml-inference-server-http";
const serveScript = fileURLToPath(new URL("./serve.py", import.meta.url));
const mlflowScript = fileURLToPath(new URL("./mlflow_score.py", import.meta.url));

/**
 * Makes ready what a deployment's processes need and tells how to start one. `dir` is kept for this content; what is there
 * is not made again. Throws ArmError as the deployment's operation is to show it.
 */
export async function prepareLaunch(
  sandbox: SandboxContext,
  parts: Parts,
  spec: DeploymentSpec,
  dir: string,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Launch> {
  refuseCustomContainer(sandbox, parts, spec);
  checkEndpointIdentity(sandbox, parts, spec);
  const files = await bringFiles(sandbox, parts, spec, join(dir, "azureml-app"), log);
  signal?.throwIfAborted();
  const script = scriptOf(spec, files);
  const environment = await environmentOf(sandbox, parts, spec, files, log, signal);
  for (const note of [...environment.notes, ...spec.notDone]) log(`note: ${note}`);
  const root = files.code ?? dir;
  return {
    command: [environment.python, serveScript, "--entry_script", script, "--port", "{port}"],
    cwd: root,
    scratch: join(dir, "scratch"),
    env: {
      LANG: "C.UTF-8",
      PYTHONUNBUFFERED: "1",
      // Without the user's own wish, a worker that hangs is ended like in Azure's images.
      WORKER_TIMEOUT: "300",
      ...environment.env,
      ...spec.variables,
      PATH: [environment.binDir, spec.variables["PATH"], "/usr/local/bin:/usr/bin:/bin"].filter(Boolean).join(":"),
      AML_APP_ROOT: root,
      AZUREML_ENTRY_SCRIPT: script,
      SERVICE_NAME: spec.endpointName,
      // The scoring URI's path here, so that swagger.json describes calls that work.
      SERVICE_PATH_PREFIX: `${spec.location}/${spec.endpointName}`.toLowerCase(),
      HOSTNAME: `${spec.endpointName}-${spec.name}`,
      ...(files.modelDir === undefined ? {} : { AZUREML_MODEL_DIR: files.modelDir }),
      ...(spec.scriptless && files.mlflowFolder !== undefined ? { MLFLOW_MODEL_FOLDER: files.mlflowFolder } : {}),
    },
  };
}

/** The scoring script's path: the user's, or the generic one for an MLflow model without. */
function scriptOf(spec: DeploymentSpec, files: DeploymentFiles): string {
  if (spec.scriptless) {
    if (files.mlflowFolder !== undefined) return mlflowScript;
    throw new ArmError(
      400,
      "BadArgument",
      `Deployment '${spec.name}' has no codeConfiguration, and its model ${spec.model ?? "(none)"} is not an MLflow model (it has no MLmodel file). Give a scoring script, or register the model with type mlflow_model.`,
      { target: "codeConfiguration" },
    );
  }
  const script = join(files.code ?? "", spec.scoringScript ?? "score.py");
  if (!existsSync(script)) {
    throw new ArmError(
      400,
      "BadArgument",
      `The scoring script '${spec.scoringScript}' is not in the code of deployment '${spec.name}' (${spec.codeId}). It is relative to the code's folder.`,
      { target: "codeConfiguration.scoringScript" },
    );
  }
  return script;
}

async function environmentOf(
  sandbox: SandboxContext,
  parts: Parts,
  spec: DeploymentSpec,
  files: DeploymentFiles,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<PythonEnvironment> {
  const workspaceId = workspaceOf(spec.id);
  if (spec.environmentId === undefined) {
    if (!spec.scriptless) {
      throw new ArmError(
        400,
        "BadArgument",
        `Deployment '${spec.name}' has no environmentId; only an MLflow model without a scoring script brings its own.`,
        {
          target: "environmentId",
        },
      );
    }
    const condaFile = await mlflowConda(join(files.modelDir!, files.mlflowFolder!));
    // Azure serves such models in an image of its own that has the server and MLflow already.
    const extra = [SERVER, "pandas"];
    if (!/\bmlflow(-skinny)?\b/.test(condaFile)) extra.push("mlflow-skinny");
    if (spec.collector) extra.push("azureml-ai-monitoring");
    return await parts.ensureEnvironment(sandbox, { condaFile }, log, signal, { workspaceId, extra });
  }
  const facts = parts.describeEnvironment(sandbox, spec.environmentId, workspaceId);
  // An image for inference has the server. A conda file makes an environment without what the image had, so that it has to
  // name the server itself; in Azure as here.
  const own = Boolean(facts.condaFile) || Boolean(facts.build);
  const extra = own && !spec.scriptless ? [] : [SERVER];
  if (spec.scriptless && spec.collector) extra.push("azureml-ai-monitoring");
  const environment = await parts.ensureEnvironment(sandbox, spec.environmentId, log, signal, { workspaceId, extra });
  if (existsSync(join(environment.binDir, "azmlinfsrv"))) return environment;
  throw new ArmError(
    400,
    "ResourceNotReady",
    `User container has crashed or terminated: azmlinfsrv: command not found. Environment '${facts.label}' does not contain ${SERVER}; add '${SERVER}' to the pip dependencies of its conda file. Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready`,
    { target: "environmentId" },
  );
}

/** The environment that an MLflow model asks for, as a conda file. */
async function mlflowConda(folder: string): Promise<string> {
  const conda = join(folder, "conda.yaml");
  if (existsSync(conda)) return await readFile(conda, "utf8");
  const requirements = join(folder, "requirements.txt");
  if (!existsSync(requirements)) {
    throw new ArmError(
      400,
      "BadArgument",
      "The MLflow model has neither conda.yaml nor requirements.txt, so its environment is not known. Log it again with its requirements, or give the deployment an environment.",
      {
        target: "model",
      },
    );
  }
  const lines = (await readFile(requirements, "utf8"))
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  return JSON.stringify({ dependencies: ["pip", { pip: lines }] });
}

function refuseCustomContainer(sandbox: SandboxContext, parts: Parts, spec: DeploymentSpec): void {
  if (spec.environmentId === undefined) return;
  const facts = parts.describeEnvironment(sandbox, spec.environmentId, workspaceOf(spec.id));
  if (facts.inferenceConfig) {
    throw new ArmError(
      501,
      "NotModeledInSandbox",
      `Environment '${facts.label}' has an inferenceConfig (a custom container). The sandbox runs no containers; it serves scoring scripts and MLflow models.`,
      { target: "environmentId" },
    );
  }
}
