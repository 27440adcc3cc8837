// The gate's smoke test: a command job that loads the model as its deployment would, with the scoring script or as MLflow does, and asks it once.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatProblem, readAsset, type Variant, VARIANTS } from "../../../assets/index.ts";
import { apiVersions } from "../../../azure/ids.ts";
import { type Call, UsageError } from "../../command.ts";
import { diskFiles } from "../../files.ts";
import { projectFile } from "../../project.ts";
import { followJob } from "../follow.ts";
import { resolvedBody } from "../register.ts";
import type { Workspace } from "../workspace.ts";

/** As the inference server does: `init()` once and `run()` with the request's text. */
const scriptDriver = `
import importlib.util, json, os, sys
os.environ["AZUREML_MODEL_DIR"] = sys.argv[1]
script = os.path.abspath(os.environ["SMOKE_SCRIPT"])
sys.path.insert(0, os.path.dirname(script))
spec = importlib.util.spec_from_file_location("smoke_score", script)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.init()
answer = module.run(os.environ["SMOKE_REQUEST"])
status = getattr(answer, "status_code", 200)
said = answer.get_data(as_text=True) if hasattr(answer, "get_data") else json.dumps(answer)
print("smoke-test " + json.dumps({"status": status, "said": said[:300]}), flush=True)
sys.exit(0 if status < 400 else 1)
`;

/** As Azure serves an MLflow model that has no scoring script: a table of the request's `input_data`, the model's own `predict`. */
const mlflowDriver = `
import json, os, sys
import mlflow.pyfunc, pandas
folder = sys.argv[1]
if not os.path.exists(os.path.join(folder, "MLmodel")):
    folder = next(path for path, _, files in os.walk(folder) if "MLmodel" in files)
data = json.loads(os.environ["SMOKE_REQUEST"])["input_data"]
table = pandas.DataFrame(data["data"], columns=data["columns"]) if isinstance(data, dict) else pandas.DataFrame(data)
model = mlflow.pyfunc.load_model(folder)
for spec in (model.metadata.get_input_schema() or []):
    if spec.name in table.columns:
        table[spec.name] = table[spec.name].astype(spec.type.to_pandas(), errors="ignore")
said = json.dumps(pandas.Series(model.predict(table)).tolist())
print("smoke-test " + json.dumps({"status": 200, "said": said[:300]}), flush=True)
`;
/** Where automated ML's models can be loaded: their packages are pinned to it. */
const automlEnvironment = "azureml://registries/azureml/environments/ai-ml-automl/labels/latest";

export interface SmokeModel {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly variant: Variant;
}

/** Sends the request once; `passed` is whether the model answered it. `requestFile` is relative to the checkout. */
export async function smokeTest(
  call: Call,
  workspace: Workspace,
  project: string,
  requestFile: string,
  model: SmokeModel,
): Promise<{ passed: boolean; message: string }> {
  if (!existsSync(join(call.repo, requestFile))) throw new UsageError(`${requestFile}, the smoke test of mlops/gate.yml, is missing`);
  const request = readFileSync(join(call.repo, requestFile), "utf8");
  const deployment = await readAsset(projectFile(call.repo, project, VARIANTS[model.variant].deployment), diskFiles(call.repo), {
    kind: "onlineDeployment",
    sets: [`model=azureml:${model.name}:${model.version}`],
  });
  if (!deployment.ok) throw new UsageError(deployment.problems.map(formatProblem).join("\n"));
  const body = (await resolvedBody(workspace, deployment.asset, call.signal)) as {
    properties: DeploymentBody;
  };
  const work = workOf(body.properties, model.type);
  if (!work) {
    return {
      passed: false,
      message:
        "the project's deployment has no scoring script and environment to run it with; take smoke_test out of the gate's rules or add them",
    };
  }
  const { clusterName } = workspace.outputs;
  const job = `smoke-${model.name.replaceAll(/[^a-z0-9-]/gi, "-")}-${model.version}-${randomBytes(4).toString("hex")}`;
  await workspace.azure.put(
    `${workspace.id}/jobs/${job}`,
    {
      properties: {
        jobType: "Command",
        displayName: `smoke test of ${model.name}:${model.version}`,
        experimentName: "release-gate",
        ...(work.codeId ? { codeId: work.codeId } : {}),
        command: "python -c \"import os; exec(os.environ['SMOKE_DRIVER'])\" ${{inputs.model}}",
        environmentId: work.environmentId,
        environmentVariables: { ...work.variables, SMOKE_REQUEST: request },
        computeId: `${workspace.id}/computes/${typeof clusterName === "string" ? clusterName : "cpu-cluster"}`,
        inputs: { model: { jobInputType: model.type, uri: model.id, mode: "Download" } },
        resources: { instanceCount: 1 },
        limits: { jobLimitsType: "Command", timeout: "PT15M" },
      },
    },
    { apiVersion: apiVersions.machineLearning, signal: call.signal },
  );
  call.out.progress(`gate   smoke test: job ${job}`);
  const lines: string[] = [];
  const end = await followJob(workspace, job, {
    signal: call.signal,
    pollMs: 500,
    onLine: (_step, line) => lines.push(line),
    onStatus: () => undefined,
  });
  const answered = lines.findLast((line) => line.startsWith("smoke-test "));
  const answer =
    answered === undefined ? undefined : (JSON.parse(answered.slice("smoke-test ".length)) as { status: number; said: string });
  if (end.status === "Completed" && answer) return { passed: true, message: `${requestFile} was answered with ${answer.said}` };
  const said = answer
    ? `status ${answer.status}: ${answer.said}`
    : (lines.filter((line) => line.trim() !== "").at(-1) ?? end.error ?? "nothing");
  return { passed: false, message: `${requestFile} was not answered; job ${job} ended ${end.status}, its last word: ${said}` };
}

interface DeploymentBody {
  readonly environmentId?: string;
  readonly codeConfiguration?: { readonly codeId?: string; readonly scoringScript?: string };
}
interface Work {
  readonly codeId?: string;
  readonly environmentId: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** What the job runs for this deployment; undefined where there is nothing that it could run. */
function workOf({ environmentId, codeConfiguration }: DeploymentBody, modelType: string): Work | undefined {
  const { codeId, scoringScript } = codeConfiguration ?? {};
  if (codeId && scoringScript && environmentId)
    return { codeId, environmentId, variables: { SMOKE_DRIVER: scriptDriver, SMOKE_SCRIPT: scoringScript } };
  if (codeConfiguration || modelType !== "mlflow_model") return undefined;
  return { environmentId: environmentId ?? automlEnvironment, variables: { SMOKE_DRIVER: mlflowDriver } };
}
