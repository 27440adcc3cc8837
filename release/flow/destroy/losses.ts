// What a stage holds, for who is about to destroy it: read from Azure, not from Pulumi's state, which knows no jobs and no models.
import type { Azure } from "../../../azure/client.ts";
import { apiVersions } from "../../../azure/ids.ts";
import type { History } from "../release/history.ts";

const options = { apiVersion: apiVersions.machineLearning };

/** Lines such as `3 models: diabetes:1, diabetes:2, …`; what cannot be asked is said too. */
export async function workspaceLosses(azure: Azure, workspaceId: string, signal: AbortSignal): Promise<string[]> {
  const within = { ...options, signal };
  if (!(await azure.find(workspaceId, within))) return [];
  const all = await Promise.all([
    counted("model", versions(azure, `${workspaceId}/models`, signal)),
    counted("job", namesOf(azure.list<Named>(`${workspaceId}/jobs`, within)), "with logs and metrics"),
    counted("data asset", versions(azure, `${workspaceId}/data`, signal)),
    counted("endpoint", endpoints(azure, workspaceId, signal)),
  ]);
  return all.filter((line) => line !== undefined);
}

/** What goes with the shared stack. */
export async function sharedLosses(azure: Azure, registryId: string, history: History | undefined, signal: AbortSignal): Promise<string[]> {
  const registry = (await azure.find(registryId, { ...options, signal }))
    ? await counted("model", versions(azure, `${registryId}/models`, signal), "in the registry")
    : undefined;
  const releases = history
    ? await counted("release", (async () => (await history.releases()).map(({ manifest }) => manifest.id))(), "with approvals")
    : undefined;
  return [registry, releases].filter((line) => line !== undefined);
}

interface Named {
  readonly name: string;
}

async function counted(word: string, names: Promise<readonly string[]>, more = ""): Promise<string | undefined> {
  try {
    const all = await names;
    if (all.length === 0) return undefined;
    const some = all.length <= 6 ? all.join(", ") : `${all.slice(0, 5).join(", ")} and ${all.length - 5} more`;
    return `${all.length} ${word}${all.length === 1 ? "" : "s"}${more === "" ? "" : ` ${more}`}: ${some}`;
  } catch (error) {
    return `${word}s: they cannot be asked for (${(error as Error).message})`;
  }
}

async function namesOf(list: AsyncIterable<Named>): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of list) names.push(name);
  return names;
}

async function versions(azure: Azure, collection: string, signal: AbortSignal): Promise<string[]> {
  const within = { ...options, signal };
  const containers = await namesOf(azure.list<Named>(collection, within));
  const all = await Promise.all(
    containers.map(async (name) =>
      (await namesOf(azure.list<Named>(`${collection}/${name}/versions`, within))).map((version) => `${name}:${version}`),
    ),
  );
  return all.flat();
}

async function endpoints(azure: Azure, workspaceId: string, signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  type Endpoint = Named & { readonly properties: { readonly traffic?: Readonly<Record<string, number>> } };
  for await (const { name, properties } of azure.list<Endpoint>(`${workspaceId}/onlineEndpoints`, { ...options, signal })) {
    const serving = Object.entries(properties.traffic ?? {}).filter(([, percent]) => percent > 0);
    found.push(
      serving.length > 0 ? `${name}, which serves (${serving.map(([slot, percent]) => `${slot} ${percent} %`).join(", ")})` : name,
    );
  }
  return found;
}
