// An Azure ML workspace with all that belongs to it, reachable by Entra identities only.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, CustomResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { ApplicationInsights, ContainerRegistry, LogAnalytics, MlWorkspace, StorageAccount, UserAssignedIdentity, Vault } from "./azure.ts";
import type {
  ApplicationInsightsArgs,
  ContainerRegistryArgs,
  LogAnalyticsArgs,
  MlWorkspaceArgs,
  StorageAccountArgs,
  VaultArgs,
} from "./azure.ts";
import { CustomerKey } from "./customerKey.ts";
import type { CustomerKeyArgs } from "./customerKey.ts";
import { RolesInForce } from "./mlops.ts";
import { releasedName } from "./nameRelease.ts";
import type { ReleasedName } from "./nameRelease.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";
import { grant } from "./roles.ts";
import type { Role } from "./roles.ts";
import type { RoleAssignment } from "./azure.ts";

export interface WorkspaceArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly subscriptionId: Input<string>;
  readonly tenantId: Input<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly names: {
    readonly workspace: string;
    readonly logs: string;
    readonly insights: string;
    readonly workspaceIdentity: string;
    readonly jobsIdentity: string;
    readonly storage: Input<string>;
    readonly vault: Input<string>;
    readonly containerRegistry: Input<string>;
  };
  /** Sets the role assignments' names apart from those of other stages. */
  readonly seed: string;
  /** Entra object ids of those who work here; "caller": whoever runs the first `up`. */
  readonly operators: readonly string[] | { readonly caller: Input<string> };
  readonly publicAccess: boolean;
  /** The workspace's managed network, for jobs and builds without public access: what may leave, and the cluster that builds images. */
  readonly isolation?: { readonly outboundRules: Readonly<Record<string, object>>; readonly buildCluster: string };
  /** A key of one's own that storage, images and workspace are encrypted with. */
  readonly customerKey?: Pick<CustomerKeyArgs, "keyVault" | "keyUri" | "alsoUsedBy">;
  /** Deleted vaults stay for 90 days, whatever anyone does. */
  readonly purgeProtection: boolean;
  /** Deleted, the workspace and its vault leave nothing behind ("purge"), or stay for their retention ("keep"). */
  readonly onDestroy: "purge" | "keep";
  /** Days that logs are kept. */
  readonly logDays: number;
  readonly override?: {
    readonly logs?: Override<LogAnalyticsArgs>;
    readonly insights?: Override<ApplicationInsightsArgs>;
    readonly storage?: Override<StorageAccountArgs>;
    readonly vault?: Override<VaultArgs>;
    readonly containerRegistry?: Override<ContainerRegistryArgs>;
    readonly workspace?: Override<MlWorkspaceArgs>;
  };
}

/**
 * Storage without keys, a vault by roles, logs, a container registry without admin user, and the workspace itself under an identity of
 * its own that may do with these what Azure ML needs and nothing else:
 * https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication#workspace
 */
export class Workspace extends ComponentResource {
  readonly workspaceId: Output<string>;
  readonly workspaceName: Output<string>;
  /** Identity that jobs run under: may read and write the data, pull images and register models. */
  readonly jobsIdentityId: Output<string>;
  /** What has to hold before jobs run or files are sent: the operators' and the jobs' roles. */
  readonly grants: readonly Resource[];
  readonly nodes: {
    readonly logs: LogAnalytics;
    readonly insights: ApplicationInsights;
    readonly storage: StorageAccount;
    readonly vault: Vault;
    readonly containerRegistry: ContainerRegistry;
    readonly identity: UserAssignedIdentity;
    readonly jobsIdentity: UserAssignedIdentity;
    readonly workspace: MlWorkspace;
  };

  constructor(name: string, args: WorkspaceArgs, opts?: ComponentResourceOptions) {
    super("mlops:workspace:Workspace", name, {}, opts);
    const { resourceGroupName, location, tags, names, override = {} } = args;
    const child: CustomResourceOptions = { parent: this };
    const placed = { resourceGroupName, location, tags: { ...tags } };
    const publicNetworkAccess = args.publicAccess ? "Enabled" : "Disabled";

    const logs = new LogAnalytics(
      `${name}-logs`,
      overridden({ ...placed, workspaceName: names.logs, sku: { name: "PerGB2018" }, retentionInDays: args.logDays }, override.logs),
      child,
    );
    const insights = new ApplicationInsights(
      `${name}-insights`,
      overridden(
        {
          ...placed,
          resourceName: names.insights,
          kind: "web",
          applicationType: "web",
          ingestionMode: "LogAnalytics",
          workspaceResourceId: logs.id,
        },
        override.insights,
      ),
      child,
    );
    const identity = new UserAssignedIdentity(`${name}-identity`, { ...placed, resourceName: names.workspaceIdentity }, child);
    const jobsIdentity = new UserAssignedIdentity(`${name}-jobs-identity`, { ...placed, resourceName: names.jobsIdentity }, child);
    const { subscriptionId, seed } = args;
    const key = args.customerKey && new CustomerKey(name, { ...args.customerKey, identity, subscriptionId, seed }, child);
    const encrypted: CustomResourceOptions = key ? { ...child, dependsOn: [key.inForce] } : child;
    const storage = new StorageAccount(
      `${name}-storage`,
      overridden(
        {
          ...placed,
          accountName: names.storage,
          kind: "StorageV2",
          sku: { name: "Standard_LRS" },
          allowSharedKeyAccess: false,
          defaultToOAuthAuthentication: true,
          allowBlobPublicAccess: false,
          minimumTlsVersion: "TLS1_2",
          enableHttpsTrafficOnly: true,
          publicNetworkAccess,
          ...key?.storage,
        },
        override.storage,
      ),
      encrypted,
    );
    const keepVault = args.purgeProtection || args.onDestroy === "keep";
    const [vaultName, workspaceName] = (["vault", "workspace"] as const).map((kind) =>
      releasedName(
        `${name}-${kind}-name`,
        {
          ...{ kind, resourceGroupName, location, subscriptionId: args.subscriptionId, name: names[kind] },
          keep: kind === "vault" ? keepVault : args.onDestroy === "keep",
        },
        child,
      ),
    ) as [ReleasedName, ReleasedName];
    const vault = new Vault(
      `${name}-vault`,
      overridden(
        {
          ...placed,
          vaultName: names.vault,
          properties: {
            tenantId: args.tenantId,
            sku: { family: "A", name: "standard" },
            enableRbacAuthorization: true,
            enableSoftDelete: true,
            // Azure accepts "true" or nothing here.
            ...(args.purgeProtection ? { enablePurgeProtection: true } : {}),
            softDeleteRetentionInDays: args.purgeProtection ? 90 : 7,
            ...(keepVault ? { createMode: vaultName.whenRecovering("recover" as const) } : {}),
            publicNetworkAccess: args.publicAccess ? "enabled" : "disabled",
          },
        },
        override.vault,
      ),
      { ...child, dependsOn: [vaultName.release] },
    );
    const containerRegistry = new ContainerRegistry(
      `${name}-images`,
      overridden(
        {
          ...placed,
          registryName: names.containerRegistry,
          ...(args.publicAccess
            ? { sku: { name: "Basic" } }
            : { sku: { name: "Premium" }, publicNetworkAccess, networkRuleBypassOptions: "AzureServices" }),
          adminUserEnabled: false,
          ...key?.images,
        },
        override.containerRegistry,
      ),
      encrypted,
    );

    const own = (what: string, role: Role, scope: Input<string>): RoleAssignment =>
      grant(
        `${name}-identity-${what}`,
        { role, scope, principalId: identity.principalId, principalType: "ServicePrincipal", subscriptionId: args.subscriptionId },
        { ...child, seed: args.seed },
      );
    const needed = [
      own("storage", "Contributor", storage.id),
      own("blobs", "Storage Blob Data Contributor", storage.id),
      own("files", "Storage File Data Privileged Contributor", storage.id),
      own("vault", "Contributor", vault.id),
      own("secrets", "Key Vault Administrator", vault.id),
      own("images", "Contributor", containerRegistry.id),
      own("insights", "Contributor", insights.id),
    ];
    const inForce = new RolesInForce(`${name}-identity-roles`, { assignments: needed.map(({ id }) => id) }, child);

    const workspace = new MlWorkspace(
      `${name}-workspace`,
      overridden(
        {
          ...placed,
          workspaceName: names.workspace,
          kind: "Default",
          sku: { name: "Basic", tier: "Basic" },
          identity: { type: "UserAssigned", userAssignedIdentities: [identity.id] },
          primaryUserAssignedIdentity: identity.id,
          storageAccount: storage.id,
          keyVault: vault.id,
          applicationInsights: insights.id,
          containerRegistry: containerRegistry.id,
          // Datastores without keys: whoever reads data does it as themselves.
          systemDatastoresAuthMode: "identity",
          publicNetworkAccess,
          ...(args.isolation
            ? {
                managedNetwork: { isolationMode: "AllowOnlyApprovedOutbound", outboundRules: args.isolation.outboundRules as never },
                imageBuildCompute: args.isolation.buildCluster,
              }
            : {}),
          v1LegacyMode: false,
          ...key?.workspace,
        },
        override.workspace,
      ),
      {
        ...child,
        dependsOn: [inForce, workspaceName.release],
      },
    );

    this.grants = [
      own("workspace", "Contributor", workspace.id),
      ...this.#workingHere(
        `${name}-jobs`,
        { principalId: jobsIdentity.principalId, principalType: "ServicePrincipal" },
        workspace,
        storage,
        args,
        child,
      ),
      grant(
        `${name}-jobs-images`,
        {
          role: "AcrPull",
          scope: containerRegistry.id,
          principalId: jobsIdentity.principalId,
          principalType: "ServicePrincipal",
          subscriptionId: args.subscriptionId,
        },
        { ...child, seed: args.seed },
      ),
      ...this.#operators(name, workspace, storage, args, child),
    ];
    this.nodes = { logs, insights, storage, vault, containerRegistry, identity, jobsIdentity, workspace };
    this.workspaceId = workspace.id;
    // The resource's output, not the argument: what uses the name has to wait for the workspace.
    this.workspaceName = workspace.name;
    this.jobsIdentityId = jobsIdentity.id;
    this.registerOutputs({ workspaceId: this.workspaceId, workspaceName: this.workspaceName, jobsIdentityId: this.jobsIdentityId });
  }

  /** The two roles that working with data, jobs and models takes. */
  #workingHere(
    name: string,
    who: { principalId: Input<string>; principalType?: "ServicePrincipal" },
    workspace: MlWorkspace,
    storage: StorageAccount,
    args: WorkspaceArgs,
    child: CustomResourceOptions,
  ): Resource[] {
    const more = { ...who, subscriptionId: args.subscriptionId };
    return [
      grant(`${name}-workspace`, { role: "AzureML Data Scientist", scope: workspace.id, ...more }, { ...child, seed: args.seed }),
      grant(`${name}-blobs`, { role: "Storage Blob Data Contributor", scope: storage.id, ...more }, { ...child, seed: args.seed }),
    ];
  }

  #operators(name: string, workspace: MlWorkspace, storage: StorageAccount, args: WorkspaceArgs, child: CustomResourceOptions): Resource[] {
    const { operators } = args;
    if ("caller" in operators) {
      // The first one who ran `up` stays: a pipeline's run must not take the role from the person, nor the other way round.
      const stable = { ...child, ignoreChanges: ["principalId"] };
      return this.#workingHere(`${name}-operator`, { principalId: operators.caller }, workspace, storage, args, stable);
    }
    return operators.flatMap((id) =>
      this.#workingHere(`${name}-operator-${id.slice(0, 8)}`, { principalId: id }, workspace, storage, args, child),
    );
  }
}
