// Nodes of the clusters: which a step takes, and the queue before them. First come, first served, per cluster.
import type { SandboxContext } from "../core.ts";
import { StepFailure } from "./failure.ts";

interface Waiting {
  readonly wanted: number;
  readonly start: () => void;
}

interface Cluster {
  busy: number;
  readonly queue: Waiting[];
}

/** What is known of a compute target. */
export interface Target {
  /** Key of the queue: the resource's id in lower case, or `serverless`. */
  readonly key: string;
  readonly name: string;
  readonly limit: number;
}

/** Nodes of serverless compute and of attached Kubernetes, which have no count of their own. */
const usualNodes = 4;

/** Finds a compute target by resource id, `azureml:name` or name; undefined when the workspace has none of that name. */
export function targetOf(
  sandbox: Pick<SandboxContext, "resources">,
  computeId: string | undefined,
  workspaceId: string,
): Target | undefined {
  const plain = (computeId ?? "serverless").replace(/^azureml:/i, "");
  if (plain.toLowerCase() === "serverless" || /\/virtualclusters\//i.test(plain))
    return { key: `${workspaceId.toLowerCase()}#serverless`, name: "serverless", limit: usualNodes };
  const resource = sandbox.resources.get(plain.startsWith("/") ? plain : `${workspaceId}/computes/${plain}`);
  if (!resource) return undefined;
  const { computeType, properties } = resource.properties as {
    computeType?: string;
    properties?: { scaleSettings?: { maxNodeCount?: number } };
  };
  const limit =
    computeType === "AmlCompute" ? (properties?.scaleSettings?.maxNodeCount ?? 1) : computeType === "ComputeInstance" ? 1 : usualNodes;
  return { key: resource.id.toLowerCase(), name: resource.name, limit };
}

export class Nodes {
  readonly #clusters = new Map<string, Cluster>();

  /** Nodes that steps hold at this moment. */
  inUse(computeId: string): number {
    return this.#clusters.get(computeId.toLowerCase())?.busy ?? 0;
  }

  /** Waits for its turn; the result gives the nodes back. Throws at once when the cluster can never have so many. */
  async take(target: Target, wanted: number, signal: AbortSignal): Promise<() => void> {
    if (wanted > target.limit)
      throw new StepFailure(
        "UserError",
        `The job asks for ${wanted} nodes, but compute "${target.name}" has at most ${target.limit}. Lower resources.instance_count or raise the cluster's maximum.`,
      );
    let cluster = this.#clusters.get(target.key);
    if (!cluster) this.#clusters.set(target.key, (cluster = { busy: 0, queue: [] }));
    const own = cluster;
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { wanted, start: resolve };
      own.queue.push(waiting);
      const give = () => {
        const index = own.queue.indexOf(waiting);
        if (index >= 0) own.queue.splice(index, 1);
        reject(signal.reason as Error);
      };
      if (signal.aborted) return give();
      signal.addEventListener("abort", give, { once: true });
      serve(own, target.limit);
    });
    let given = false;
    return () => {
      if (given) return;
      given = true;
      own.busy -= wanted;
      serve(own, target.limit);
    };
  }
}

function serve(cluster: Cluster, limit: number): void {
  while (cluster.queue[0] && cluster.busy + cluster.queue[0].wanted <= limit) {
    const next = cluster.queue.shift()!;
    cluster.busy += next.wanted;
    next.start();
  }
}
