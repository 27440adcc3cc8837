// Settings of where a stage's endpoint runs: on machines that Azure ML manages, or on a Kubernetes cluster.
import { z } from "zod";

const nodes = (usual: number) =>
  z.int("must be a whole number").min(1, "must be at least 1").max(100, "must be at most 100").default(usual);
const amount = (example: string) => z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/, `must be an amount such as ${example}`);

export const kubernetes = {
  /** What the endpoint runs on. An endpoint cannot move: another target is another endpoint. */
  target: z.enum(["managed", "kubernetes"], "must be managed or kubernetes").default("managed"),
  kubernetes: z
    .strictObject({
      /** Id of an existing AKS cluster of this subscription; unset: the stage makes one. */
      cluster: z
        .string()
        .regex(
          /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerService\/managedClusters\/[^/]+$/i,
          "must be a cluster's id: /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/…",
        )
        .optional(),
      /** Put Azure ML's extension on the cluster; default: on one that the stage makes. */
      extension: z.boolean("must be true or false").optional(),
      /** Machines of the cluster that the stage makes. */
      nodeSize: z
        .string()
        .regex(/^Standard_\w+$/, "must be a VM size, such as Standard_DS3_v2")
        .default("Standard_DS3_v2"),
      minNodes: nodes(1),
      maxNodes: nodes(3),
      /** Namespace of the pods; it has to exist. */
      namespace: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be 1 to 63 lower-case letters, digits and hyphens, without one at its ends")
        .default("default"),
      /** What pods may ask for; the cluster has to know it too (docs/kubernetes.md). */
      instanceTypes: z
        .record(
          z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "must be lower-case letters, digits and hyphens"),
          z.strictObject({
            cpu: amount("500m or 2"),
            memory: amount("2Gi"),
            gpu: z.int("must be a whole number").min(1, "must be at least 1").optional(),
            nodes: z.record(z.string(), z.string()).optional(),
          }),
        )
        .default({}),
      /** The one that deployments use; unset: the deployment's file, else Azure ML's own `defaultinstancetype`. */
      instanceType: z.string().min(1, "must be a name").optional(),
      /** Certificate of the scoring address: a secret in the cluster's namespace azureml, and the name that it is for. */
      tls: z
        .strictObject({
          secret: z.string().min(1, "must be a secret's name"),
          cname: z.string().regex(/^[\w.-]+\.\w+$/, "must be a host name, such as score.contoso.com"),
        })
        .optional(),
    })
    .prefault({}),
};

type Values = { readonly [key in keyof typeof kubernetes]: z.infer<(typeof kubernetes)[key]> } & {
  readonly modelFrom: string;
  readonly modelVersion?: string | undefined;
  readonly mirrorTraffic?: unknown;
  readonly rollout: { readonly mirrorFirstPercent: number };
};

/** Rules across these fields, what is served and what the stage must have. */
export function kubernetesRules(
  settings: Values,
  context: z.core.$RefinementCtx<Values>,
  needs: { readonly tls: boolean; readonly closed: boolean },
): void {
  if (settings.target !== "kubernetes") return;
  const issue = (path: string[], message: string): void => context.addIssue({ code: "custom", path, message, input: settings });
  const { minNodes, maxNodes, instanceTypes, instanceType, tls, cluster } = settings.kubernetes;
  if (minNodes > maxNodes) issue(["kubernetes", "minNodes"], `must not be above maxNodes, which is ${maxNodes}`);
  if (settings.modelVersion !== undefined && settings.modelFrom === "registry")
    issue(["modelFrom"], "must be workspace with target kubernetes, which takes nothing from a registry; mlops deploy --via copy");
  if (settings.mirrorTraffic !== undefined || settings.rollout.mirrorFirstPercent > 0)
    issue(["rollout", "mirrorFirstPercent"], "must be 0, and mirrorTraffic unset, with target kubernetes: only managed endpoints mirror");
  const known = Object.keys(instanceTypes);
  if (instanceType !== undefined && cluster === undefined && instanceType !== "defaultinstancetype" && !known.includes(instanceType))
    issue(["kubernetes", "instanceType"], `must be one of instanceTypes: ${["defaultinstancetype", ...known].join(", ")}`);
  if (needs.closed && cluster === undefined)
    issue(
      ["kubernetes", "cluster"],
      "must name a cluster of your network with network private: one that the stage made would not reach the workspace",
    );
  if (needs.tls && tls === undefined)
    issue(["kubernetes", "tls"], "must be set in prod: without a certificate, requests and answers travel in plain");
}
