// Finds the component version that a pipeline node names.
import type { ArmResource, SandboxContext } from "../core.ts";
import { latestVersion } from "../assets/versions.ts";
import { registryId } from "../ml/locate.ts";
import { isObject, type Json } from "./fields.ts";
import { userError } from "./refuse.ts";

/**
 * Its `componentSpec`. Understands resource ids, `azureml:name:version`, `name@latest` and `azureml://registries/r/components/n/versions/v`.
 * Throws ArmError 400 naming the reference.
 */
export function componentSpec(sandbox: SandboxContext, reference: string, workspaceId: string): Json {
  const text = reference.replace(/^azureml:(?!\/\/)/i, "");
  const registry = /^azureml:\/\/registries\/([^/]+)\/components\/([^/]+)\/(versions|labels)\/([^/]+)$/i.exec(text);
  const short = /^([^/:@\s]+)[:@]([^/:@\s]+)$/.exec(text);
  let found: ArmResource | undefined;
  if (registry)
    found = version(
      sandbox,
      `${registryId(sandbox, registry[1]!)}/components/${registry[2]}`,
      registry[3]!.toLowerCase() === "labels" ? "latest" : registry[4]!,
    );
  else if (short) found = version(sandbox, `${workspaceId}/components/${short[1]}`, short[2]!);
  else {
    const arm = /^(\/.+\/components\/[^/]+)\/(?:versions|labels)\/([^/]+)$/i.exec(text);
    if (arm) found = version(sandbox, arm[1]!, arm[2]!);
  }
  if (!found) throw userError(`Component "${reference}" could not be found.`, "componentId");
  const spec = found.properties["componentSpec"];
  if (!isObject(spec)) throw userError(`Component "${reference}" has no componentSpec.`, "componentId");
  return spec;
}

function version(sandbox: SandboxContext, container: string, wanted: string): ArmResource | undefined {
  return wanted === "latest" ? latestVersion(sandbox, container) : sandbox.resources.get(`${container}/versions/${wanted}`);
}
