// An AKS cluster that a workspace serves on: made here or named, with Azure ML's extension, attached as a compute.
import { ComponentResource, ResourceError, interpolate, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, CustomResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { Compute } from "../azure.ts";
import type { ComputeArgs } from "../azure.ts";
import { RolesInForce } from "../mlops.ts";
import { overridden } from "../override.ts";
import type { Override } from "../override.ts";
import { grant } from "../roles.ts";
import type { Role } from "../roles.ts";
import { Extension, ManagedCluster } from "./azure.ts";
import type { ExtensionArgs, ManagedClusterArgs } from "./azure.ts";

/** What a pod may ask for, under a name that deployments use. */
export interface InstanceType {
  readonly cpu: string;
  readonly memory: string;
  readonly gpu?: number | undefined;
  /** Labels of the nodes that it runs on. */
  readonly nodes?: Readonly<Record<string, string>> | undefined;
}

export interface AttachedClusterArgs {
  readonly resourceGroupName: Input<string>;
  readonly workspaceName: Input<string>;
  readonly subscriptionId: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly computeName: string;
  /** Sets the role assignments' names apart from those of other stages. */
  readonly seed: string;
  /** An existing cluster by its id, or one to be made. Plain data: it decides which resources exist. */
  readonly cluster: string | { readonly name: string; readonly size: string; readonly minNodes: number; readonly maxNodes: number };
  /** The workspace's identity and the registry that its images come from. */
  readonly workspacePrincipalId: Input<string>;
  readonly containerRegistryId: Input<string>;
  /** Whether Azure ML's extension is put on the cluster; without, it has to be there. */
  readonly extension: boolean;
  /** Namespace of the pods; it has to exist. */
  readonly namespace: string;
  readonly instanceTypes: Readonly<Record<string, InstanceType>>;
  /** Reached from the virtual network only. */
  readonly internal: boolean;
  /** Certificate: a secret of the cluster in the namespace azureml, and the name that it is for. Without, answers travel in plain. */
  readonly tls?: { readonly secret: string; readonly cname: string } | undefined;
  readonly override?: {
    readonly cluster?: Override<ManagedClusterArgs>;
    readonly extension?: Override<ExtensionArgs>;
    readonly compute?: Override<ComputeArgs>;
  };
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-attach-kubernetes-anywhere */
export class AttachedCluster extends ComponentResource {
  readonly computeId: Output<string>;
  /** Another text when the cluster was made anew: what ran on it has to be deployed again. */
  readonly generation: Output<string>;
  readonly nodes: { readonly cluster?: ManagedCluster; readonly extension?: Extension; readonly compute: Compute };

  constructor(name: string, args: AttachedClusterArgs, opts?: ComponentResourceOptions) {
    super("mlops:serving:AttachedCluster", name, {}, opts);
    const child: CustomResourceOptions = { parent: this };
    const made = typeof args.cluster === "string" ? undefined : this.#cluster(name, args, args.cluster);
    const place = typeof args.cluster === "string" ? placeOf(args.cluster) : undefined;
    if (typeof args.cluster === "string" && !place)
      throw new ResourceError(`AttachedCluster "${name}": "${args.cluster}" is no id of an AKS cluster`, this, true);
    const clusterId: Output<string> = made ? made.id : output(args.cluster as string);

    const held = (what: string, role: Role, scope: Input<string>, principalId: Input<string>) =>
      grant(
        `${name}-aks-${what}`,
        { role, scope, principalId, principalType: "ServicePrincipal", subscriptionId: args.subscriptionId },
        { ...child, seed: args.seed },
      );
    // What a workspace with an identity of its own needs on a cluster: how-to-attach-kubernetes-to-workspace.
    const needed: Resource[] = [];
    const assignments = (
      [
        ["reader", "Reader"],
        ["extensions", "Kubernetes Extension Contributor"],
        ["admin", "Azure Kubernetes Service Cluster Admin Role"],
      ] as const
    ).map(([what, role]) => held(what, role, clusterId, args.workspacePrincipalId));
    needed.push(new RolesInForce(`${name}-aks-roles`, { assignments: assignments.map(({ id }) => id) }, child));
    if (made) {
      const kubelet = made.identityProfile.apply((profile) => profile?.["kubeletidentity"]?.objectId ?? "");
      needed.push(held("images", "AcrPull", args.containerRegistryId, kubelet));
    }

    const extension = args.extension ? this.#extension(name, args, made, place) : undefined;
    const compute = new Compute(
      `${name}-aks-compute`,
      overridden<ComputeArgs>(
        {
          resourceGroupName: args.resourceGroupName,
          workspaceName: args.workspaceName,
          computeName: args.computeName,
          location: args.location,
          tags: { ...args.tags },
          identity: { type: "SystemAssigned" },
          properties: {
            computeType: "Kubernetes",
            resourceId: clusterId,
            properties: { namespace: args.namespace, instanceTypes: instanceTypesOf(args.instanceTypes) },
          },
        },
        args.override?.compute,
      ),
      { ...child, dependsOn: [...needed, ...(extension ? [extension] : [])] },
    );
    this.nodes = { ...(made ? { cluster: made } : {}), ...(extension ? { extension } : {}), compute };
    this.computeId = compute.id;
    this.generation = made ? interpolate`${made.fqdn}` : clusterId;
    this.registerOutputs({ computeId: this.computeId });
  }

  #cluster(name: string, args: AttachedClusterArgs, cluster: Exclude<AttachedClusterArgs["cluster"], string>): ManagedCluster {
    return new ManagedCluster(
      `${name}-aks`,
      overridden<ManagedClusterArgs>(
        {
          resourceGroupName: args.resourceGroupName,
          resourceName: cluster.name,
          location: args.location,
          tags: { ...args.tags },
          identity: { type: "SystemAssigned" },
          dnsPrefix: cluster.name,
          enableRBAC: true,
          // Azure ML signs in with a local account; it cannot work without.
          disableLocalAccounts: false,
          agentPoolProfiles: [
            {
              name: "system",
              mode: "System",
              type: "VirtualMachineScaleSets",
              osType: "Linux",
              vmSize: cluster.size,
              count: cluster.minNodes,
              enableAutoScaling: true,
              minCount: cluster.minNodes,
              maxCount: cluster.maxNodes,
            },
          ],
          autoUpgradeProfile: { upgradeChannel: "patch" },
        },
        args.override?.cluster,
      ),
      {
        parent: this,
        // The autoscaler changes the count.
        ignoreChanges: ["agentPoolProfiles[0].count"],
      },
    );
  }

  #extension(name: string, args: AttachedClusterArgs, made: ManagedCluster | undefined, place: Place | undefined): Extension {
    const nodes = typeof args.cluster === "string" ? undefined : args.cluster.maxNodes;
    return new Extension(
      `${name}-aks-extension`,
      overridden<ExtensionArgs>(
        {
          resourceGroupName: place?.resourceGroup ?? args.resourceGroupName,
          clusterRp: "Microsoft.ContainerService",
          clusterResourceName: "managedClusters",
          clusterName: place?.name ?? made!.name,
          extensionName: "azureml",
          extensionType: "Microsoft.AzureML.Kubernetes",
          autoUpgradeMinorVersion: true,
          releaseTrain: "stable",
          scope: { cluster: { releaseNamespace: "azureml" } },
          configurationSettings: {
            enableTraining: "False",
            enableInference: "True",
            inferenceRouterServiceType: "LoadBalancer",
            // Three replicas want three nodes.
            inferenceRouterHA: nodes !== undefined && nodes < 3 ? "False" : "True",
            ...(args.internal ? { internalLoadBalancerProvider: "azure" } : {}),
            ...(args.tls
              ? { allowInsecureConnections: "False", sslSecret: args.tls.secret, sslCname: args.tls.cname }
              : { allowInsecureConnections: "True" }),
          },
        },
        args.override?.extension,
      ),
      { parent: this, dependsOn: made ? [made] : [] },
    );
  }
}

interface Place {
  readonly resourceGroup: string;
  readonly name: string;
}

function placeOf(id: string): Place | undefined {
  const [, resourceGroup, name] =
    /\/resourceGroups\/([^/]+)\/providers\/Microsoft\.ContainerService\/managedClusters\/([^/]+)$/i.exec(id) ?? [];
  return resourceGroup && name ? { resourceGroup, name } : undefined;
}

const instanceTypesOf = (types: AttachedClusterArgs["instanceTypes"]) =>
  Object.fromEntries(
    Object.entries(types).map(([name, { cpu, memory, gpu, nodes }]) => {
      const amounts = { cpu, memory, ...(gpu ? { "nvidia.com/gpu": String(gpu) } : {}) };
      return [name, { ...(nodes ? { nodeSelector: { ...nodes } } : {}), resources: { requests: amounts, limits: amounts } }];
    }),
  );
