// The environment of a step's processes: what Azure ML sets, and nothing of the host's own.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import type { ArmResource, SandboxContext } from "../core.ts";
import type { BuiltEnvironment } from "../environments/ensure.ts";
import { identityVariables } from "../runs/identity.ts";
import type { Run } from "../runs/run.ts";
import { workspaceGuid } from "../runs/workspace.ts";
import type { InputValues } from "./inputs.ts";
import type { StepSpec } from "./spec.ts";
import { textOf } from "../runs/text.ts";

export interface StepPlaces {
  readonly home: string;
  readonly temporary: string;
  readonly work: string;
}

/** Folders of programs that every Unix has; the host's own PATH stays outside. */
const systemPath = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  ...(process.platform === "darwin" ? ["/opt/homebrew/bin"] : []),
];
const days = 7;

/**
 * @param principalId whom the step acts as: the submitter, or the cluster's identity
 * @param experiment name of the run's experiment
 */
export async function stepVariables(
  sandbox: SandboxContext,
  options: {
    run: Run;
    spec: StepSpec;
    workspace: ArmResource;
    experiment: string;
    environment: BuiltEnvironment;
    places: StepPlaces;
    principalId: string;
    inputs: InputValues;
    outputs: Record<string, string>;
  },
): Promise<Record<string, string>> {
  const { run, spec, workspace, experiment, environment, places } = options;
  const [, , subscription, , group] = workspace.id.split("/");
  const { base } = sandbox.urls;
  const token = await sandbox.issueToken(`${base}/`, options.principalId, days * 86_400, { runIn: workspace.id });
  const { scheme } = tracking(environment);
  const trackingUri = `${base.replace(/^https/, scheme)}/mlflow/v1.0${workspace.id}`;
  const ca = certificateBundle(sandbox);
  return {
    PATH: [environment.binDir, ...systemPath].join(":"),
    HOME: places.home,
    TMPDIR: places.temporary,
    USER: "azureuser",
    LANG: "C.UTF-8",
    PYTHONUNBUFFERED: "1",
    PWD: places.work,
    ...environment.env,
    ARM_CLOUD_METADATA_URL: `${base}/metadata/endpoints?api-version=2019-05-01`,
    AZUREML_CURRENT_CLOUD: "MlopsSandbox",
    REQUESTS_CA_BUNDLE: ca,
    SSL_CERT_FILE: ca,
    CURL_CA_BUNDLE: ca,
    NODE_EXTRA_CA_CERTS: sandbox.caFile,
    ...identityVariables(sandbox, options.principalId),
    AZUREML_RUN_ID: run.id,
    AZUREML_ROOT_RUN_ID: run.root,
    ...(run.parent ? { AZUREML_PARENT_RUN_ID: run.parent } : {}),
    AZUREML_EXPERIMENT_ID: run.experiment,
    AZUREML_EXPERIMENT_SCOPE: `${workspace.id}/experiments/${experiment}`,
    AZUREML_RUN_TOKEN: token,
    AZUREML_RUN_TOKEN_EXPIRY: String(Math.floor(Date.now() / 1000) + days * 86_400),
    AZUREML_ARM_SUBSCRIPTION: subscription!,
    AZUREML_ARM_RESOURCEGROUP: group!,
    AZUREML_ARM_WORKSPACE_NAME: workspace.name,
    AZUREML_ARM_PROJECT_NAME: experiment,
    AZUREML_WORKSPACE_ID: workspaceGuid(workspace),
    AZUREML_WORKSPACE_SCOPE: workspace.id,
    AZUREML_SERVICE_ENDPOINT: base,
    AZUREML_DISCOVERY_SERVICE_ENDPOINT: textOf(workspace.properties["discoveryUrl"], `${base}/discovery`),
    AZUREML_NODE_COUNT: String(spec.instances),
    AZUREML_CR_DISTRIBUTED_CONFIG: "",
    MLFLOW_TRACKING_URI: trackingUri,
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_SERVER_CERT_PATH: ca,
    MLFLOW_RUN_ID: run.id,
    MLFLOW_EXPERIMENT_ID: run.experiment,
    MLFLOW_EXPERIMENT_NAME: experiment,
    ...prefixed("AZURE_ML_INPUT_", options.inputs),
    ...prefixed("AZUREML_DATAREFERENCE_", { ...onlyPaths(spec, options.inputs), ...options.outputs }),
    ...prefixed("AZURE_ML_OUTPUT_", options.outputs),
    ...spec.environmentVariables,
  };
}

const prefixed = (prefix: string, values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name.replace(/[^\w]/g, "_")}`, value]));

const onlyPaths = (spec: StepSpec, values: InputValues): InputValues =>
  Object.fromEntries(Object.entries(values).filter(([name]) => spec.inputs[name]?.kind === "uri"));

/**
 * azureml-mlflow brings `azureml://`, as on Azure; without it MLflow knows `https://` only. With MLflow 3 the plug-in fails as soon as an
 * artifact is logged (`azureml_artifacts_builder() got an unexpected keyword argument`): there plain `https://` works.
 */
export function tracking(environment: Pick<BuiltEnvironment, "dir">): { readonly scheme: "azureml" | "https"; readonly note?: string } {
  const packages = sitePackages(environment.dir);
  if (!packages || !existsSync(join(packages, "azureml", "mlflow"))) return { scheme: "https" };
  const version = readdirSync(packages)
    .map((name) => /^mlflow(?:_skinny)?-(\d+\.[^-]*)\.dist-info$/.exec(name)?.[1])
    .find((found) => found !== undefined);
  if (Number.parseInt(version ?? "2") < 3) return { scheme: "azureml" };
  return {
    scheme: "https",
    note: `azureml-mlflow does not work with MLflow ${version}: on Azure, logging an artifact fails; here MLflow tracks without it. Use MLflow 2, or leave azureml-mlflow out.`,
  };
}

function sitePackages(dir: string): string | undefined {
  const lib = join(dir, "lib");
  const python = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith("python3")) : undefined;
  return python && join(lib, python, "site-packages");
}

/** The public certificate authorities and the sandbox's own in one file, so that a step reaches both. */
function certificateBundle(sandbox: SandboxContext): string {
  const file = join(sandbox.dir, "jobs", "ca-bundle.pem");
  const own = statSync(sandbox.caFile).mtimeMs;
  if (existsSync(file) && statSync(file).mtimeMs > own) return file;
  mkdirSync(join(sandbox.dir, "jobs"), { recursive: true });
  const host = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"].find((path) =>
    existsSync(path),
  );
  const common = host ? readFileSync(host, "utf8") : rootCertificates.join("\n");
  writeFileSync(file, `${readFileSync(sandbox.caFile, "utf8")}\n${common}\n`);
  return file;
}
