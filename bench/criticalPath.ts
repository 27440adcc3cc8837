// The critical path of a stack: what its `up` from nothing takes at least, by Azure's own latencies.
import { rolesHoldAfter } from "../sandbox/server/latency.ts";
import { latency, SCALE } from "./latencies.ts";

/** A resource as `pulumi stack export` has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly dependencies?: readonly string[];
  readonly inputs?: { readonly kind?: string; readonly collection?: string };
  readonly outputs?: { readonly type?: string };
}

/** Seconds that Azure takes for a resource, scaled. */
function secondsOf({ type, inputs, outputs }: StateResource): number {
  const arm = outputs?.type;
  const workspaces = "Microsoft.MachineLearningServices/workspaces";
  if (type.startsWith("azure-native:") && arm) return latency(arm);
  if (type === "mlops:assets:AssetVersion") return latency(`${workspaces}/${inputs?.collection}/versions`);
  if (type === "mlops:assets:Upload") return inputs?.kind === "code" ? latency(`${workspaces}/codes/versions`) : 0;
  if (type === "mlops:identity:RolesInForce") return rolesHoldAfter({ name: "azure", scale: SCALE });
  // One write of the endpoint, with its traffic.
  if (type === "mlops:serving:EndpointRollout") return latency(`${workspaces}/onlineEndpoints`);
  return 0;
}

/** The longest chain of dependencies, each resource counted with Azure's own time and nothing else. */
export function criticalPath(resources: readonly StateResource[]): { seconds: number; names: string[] } {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const done = new Map<string, { seconds: number; names: string[] }>();
  const visit = (urn: string): { seconds: number; names: string[] } => {
    const known = done.get(urn);
    if (known) return known;
    const resource = byUrn.get(urn);
    const before = (resource?.dependencies ?? []).map(visit).toSorted((a, b) => b.seconds - a.seconds)[0] ?? { seconds: 0, names: [] };
    const own = resource ? secondsOf(resource) : 0;
    const name = urn.split("::").at(-1) ?? urn;
    const here = { seconds: before.seconds + own, names: own > 0 ? [...before.names, `${name} ${own.toFixed(2)}`] : before.names };
    done.set(urn, here);
    return here;
  };
  return resources.map(({ urn }) => visit(urn)).toSorted((a, b) => b.seconds - a.seconds)[0]!;
}
