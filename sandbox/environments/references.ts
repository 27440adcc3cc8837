// From how a job or a deployment names its environment to the environment's own definition.
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { curatedEnvironment } from "./images.ts";
import type { EnvironmentSpec } from "./recipe.ts";
import { textOf } from "../runs/text.ts";

const versionsInWorkspace = "Microsoft.MachineLearningServices/workspaces/environments/versions";
const versionsInRegistry = "Microsoft.MachineLearningServices/registries/environments/versions";

/** An environment as the sandbox knows it: its name for messages, its definition, and the workspace that its context is found from. */
export interface NamedEnvironment {
  readonly label: string;
  readonly spec: EnvironmentSpec;
  /** Workspace or registry that keeps it; undefined for curated ones. */
  readonly owner: string | undefined;
}

/**
 * Understands `/subscriptions/…/environments/n/versions/v`, `azureml:` before it, `azureml:name:version`, `name@latest`,
 * `azureml://registries/r/environments/n/versions/v` and `…/labels/latest`.
 * Throws ArmError 400 `EnvironmentNotFound` by name.
 */
export function findEnvironment(sandbox: Pick<SandboxContext, "resources">, reference: string, workspaceId: string): NamedEnvironment {
  const text = reference.replace(/^azureml:(?!\/\/)/i, "");
  const registry = /^azureml:\/\/registries\/([^/]+)\/environments\/([^/]+)(?:\/(versions|labels)\/([^/]+))?\/?$/i.exec(text);
  if (registry) return inRegistry(sandbox, reference, registry[1]!, registry[2]!, registry[3] === "versions" ? registry[4] : undefined);
  const arm = /^(\/subscriptions\/.+\/(workspaces|registries)\/[^/]+)\/environments\/([^/]+)(?:\/(versions|labels)\/([^/]+))?\/?$/i.exec(
    text,
  );
  if (arm) return kept(sandbox, reference, arm[1]!, arm[3]!, arm[4]?.toLowerCase() === "versions" ? arm[5] : undefined);
  const asset = /^azureml:\/\/.*\/workspaces\/[^/]+\/environments\/([^/]+)\/(?:versions|labels)\/([^/]+)$/i.exec(text);
  const short = asset ?? /^([^/:@\s]+)[:@]([^/:@\s]+)$/.exec(text) ?? /^([^/:@\s]+)$/.exec(text);
  if (short) return kept(sandbox, reference, workspaceId, short[1]!, short[2] === "latest" ? undefined : short[2]);
  throw notFound(reference, "it is neither a resource id nor name:version");
}

function inRegistry(
  sandbox: Pick<SandboxContext, "resources">,
  reference: string,
  registry: string,
  name: string,
  version: string | undefined,
): NamedEnvironment {
  if (registry.toLowerCase() === "azureml") {
    const curated = curatedEnvironment(name);
    if (!curated)
      throw new ArmError(
        501,
        "NotModeledInSandbox",
        `Curated environment "${name}" is not in the sandbox's table (sandbox/environments/images.ts); use a conda file.`,
      );
    return { label: name, spec: { curated }, owner: undefined };
  }
  const all = sandbox.resources.all(versionsInRegistry);
  const root = all
    .map((one) => /^.*\/registries\/([^/]+)/i.exec(one.id))
    .find((match) => match?.[1]?.toLowerCase() === registry.toLowerCase())?.[0];
  if (!root) throw notFound(reference, `there is no registry "${registry}" with environments`);
  return kept(sandbox, reference, root, name, version);
}

function kept(
  sandbox: Pick<SandboxContext, "resources">,
  reference: string,
  owner: string,
  name: string,
  version: string | undefined,
): NamedEnvironment {
  const type = /\/registries\//i.test(owner) ? versionsInRegistry : versionsInWorkspace;
  const container = `${owner}/environments/${name}`;
  const found =
    version === undefined ? newest(sandbox.resources.list(container, type)) : sandbox.resources.get(`${container}/versions/${version}`);
  if (found) return { label: `${name}:${found.name}`, spec: found.properties, owner };
  const curated = curatedEnvironment(name);
  if (curated) return { label: name, spec: { curated }, owner: undefined };
  const there = sandbox.resources.list(container, type).map((one) => one.name);
  throw notFound(
    reference,
    there.length > 0
      ? `versions that are there: ${there.join(", ")}`
      : `no environment is named "${name}"; create it first (az ml environment create)`,
  );
}

function newest(versions: readonly ArmResource[]): ArmResource | undefined {
  const when = (one: ArmResource) => textOf(one.systemData?.["createdAt"]);
  return versions.toSorted((a, b) => when(b).localeCompare(when(a)) || b.name.localeCompare(a.name, "en", { numeric: true }))[0];
}

function notFound(reference: string, why: string): ArmError {
  return new ArmError(400, "UserError", `Environment "${reference}" could not be found: ${why}.`, { target: "environmentId" });
}
