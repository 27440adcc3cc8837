// Versions of an asset: which is the latest, which number comes next.
import type { ArmResource, SandboxContext } from "../core.ts";
import { text } from "../state/values.ts";

/** Versions below an asset container, newest first (by time of creation, then by number). Archived ones are last. */
export function versionsOf(sandbox: SandboxContext, containerId: string): ArmResource[] {
  const kind = containerId.split("/").at(-2)!;
  const home = /\/registries\//i.test(containerId) ? "registries" : "workspaces";
  const found = sandbox.resources.list(containerId, `Microsoft.MachineLearningServices/${home}/${kind}/versions`);
  return found.sort((a, b) => created(b).localeCompare(created(a)) || number(b.name) - number(a.name));
}

/** The newest version that is not archived. */
export function latestVersion(sandbox: SandboxContext, containerId: string): ArmResource | undefined {
  return versionsOf(sandbox, containerId).find((one) => one.properties["isArchived"] !== true);
}

/** One more than the highest whole number among the versions; "1" when there is none. */
export function nextVersion(versions: readonly ArmResource[]): string {
  return String(versions.reduce((highest, one) => Math.max(highest, number(one.name)), 0) + 1);
}

const created = (resource: ArmResource): string => text(resource.systemData?.["createdAt"]);
const number = (name: string): number => (/^\d{1,15}$/.test(name) ? Number(name) : 0);
