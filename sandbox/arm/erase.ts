// The end of a resource and of all that lives below it.
import type { ArmResource, SandboxContext } from "../core.ts";
import { resourceKey } from "../state/resources.ts";
import type { ResourceStore } from "../state/resources.ts";
import type { Registry } from "./registry.ts";

/** What types with soft delete keep, unless it is `forGood`, can be recovered with its children. */
export async function erase(
  registry: Registry,
  store: ResourceStore,
  sandbox: SandboxContext,
  resource: ArmResource,
  forGood: boolean,
): Promise<void> {
  const tree = store.subtree(resource.id);
  const clean = async (one: ArmResource): Promise<void> => {
    try {
      await registry.find(one.type)?.remove?.(one, sandbox, true);
    } catch (error) {
      sandbox.log("arm", `clean-up of ${one.id} while ${resource.id} was deleted: ${(error as Error).message}`);
    }
  };
  // The deepest first; what is equally deep at once, since some take their time (a deployment's processes end).
  const depth = ({ id }: ArmResource): number => id.split("/").length;
  for (const level of [...new Set(tree.map(depth))].toSorted((a, b) => b - a)) {
    const peers = tree.filter((one) => depth(one) === level && resourceKey(one.id) !== resourceKey(resource.id));
    await Promise.all(peers.map(clean));
  }
  const keep = forGood
    ? []
    : tree.flatMap((one) => {
        const soft = registry.find(one.type)?.softDelete;
        return soft ? [{ id: one.id, days: typeof soft.days === "number" ? soft.days : soft.days(one) }] : [];
      });
  store.deleteTree(resource.id, keep);
}
