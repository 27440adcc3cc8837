// What online and batch deployments share: the model, the code and the environment they run.
import { DependencyMark, ReferenceMark, UploadMark } from "../body.ts";
import { anonymousEnvironment, namedEnvironment } from "../kinds/environment.ts";
import type { Build } from "../kinds/kind.ts";
import { buildModel, inlineModel, type ModelEntity } from "../kinds/model.ts";
import { armVersioned, isGit, isUrl, registryUri } from "../schema/azure.ts";
import { object, union } from "../schema/compound.ts";
import { required, type At } from "../schema/field.ts";
import { checked, str } from "../schema/scalars.ts";
import { anyDict } from "./asset-fields.ts";
import { versioned, within } from "./marks.ts";

export const codeConfiguration = object({ code: str, scoring_script: str }, { pathAware: true });

/** The endpoint that a deployment belongs to, which has to be there before. */
export const endpointOf = checked(str, (name: string, at: At) => {
  if (name === "") at.fail("may not be empty", "name the endpoint", name);
});

/** The SDK's DeploymentSchema. */
export const deploymentFields = {
  name: required(str),
  endpoint_name: required(endpointOf),
  description: str,
  id: str,
  tags: anyDict,
  properties: anyDict,
  model: union(registryUri("model"), armVersioned("model", { bare: true }), inlineModel),
  code_configuration: codeConfiguration,
  environment: union(registryUri("environment"), armVersioned("environment", { bare: true }), namedEnvironment, anonymousEnvironment),
  environment_variables: anyDict,
} as const;

interface WithCode {
  code_configuration?: { code?: string; scoring_script?: string };
}

/** The code configuration of a request. The script must be there, below the folder of the code. */
export function codeOf(entity: WithCode, build: Build): unknown {
  const configuration = entity.code_configuration;
  if (!configuration) return null;
  if (configuration.code !== undefined && configuration.scoring_script === undefined)
    build.problem(["code_configuration"], "code needs a scoring script", "add `scoring_script:`");
  if (configuration.code === undefined) {
    build.problem(["code_configuration"], "a code configuration needs the folder of the code", "add `code:`");
    return null;
  }
  return { codeId: codeMark(configuration.code, configuration.scoring_script, build), scoringScript: configuration.scoring_script };
}

function codeMark(code: string, script: string | undefined, build: Build): unknown {
  if (code.startsWith("azureml:") && !code.startsWith("azureml://") && !/[:@]|^\/subscriptions\//.test(code.slice("azureml:".length)))
    build.problem(["code_configuration", "code"], "needs a version", "write azureml:<code>:<version>, or the path of a folder", code);
  if (code.startsWith("azureml:") && !code.startsWith("azureml://")) return new ReferenceMark("code", code.slice("azureml:".length));
  if (code.startsWith("/subscriptions/")) return new ReferenceMark("code", code);
  if (isUrl(code) || isGit(code)) return code;
  const folder = build.absolute(code);
  const path = ["code_configuration", "code"];
  if (!build.files.stat(folder))
    build.problem(path, `no such folder: ${folder}`, "correct the path; it is taken from the folder of this file", code);
  else if (script && !build.files.stat(build.files.resolve(folder, script)))
    build.problem(
      ["code_configuration", "scoring_script"],
      `no such file: ${build.files.resolve(folder, script)}`,
      "correct the path; it is taken from the folder of the code",
      script,
    );
  return new UploadMark("code", build.shown(code), folder);
}

/** A named model becomes a reference, an inline one an asset that is registered first. */
export function modelMark(model: string | ModelEntity | undefined, build: Build): unknown {
  if (model === undefined) return null;
  if (typeof model === "string") return versioned("model", model, build, ["model"]);
  return new DependencyMark(build.inline("model", model, buildModel(model, within(build, ["model"]))));
}
