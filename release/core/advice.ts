// From an error of Azure to the next step: what its code means for who runs the command, and what to do about it.

interface Advice {
  /** Error codes, or words of a message, that it is for. */
  readonly says: readonly string[];
  readonly next: string;
}

const again = "then run the same command again: it goes on where it stopped";

/** The most telling first: a failed `up` may say several things. */
const advices: readonly Advice[] = [
  {
    says: ["OutOfQuota"],
    next: `Azure has no quota left for the deployment's instances (a fifth is held in reserve for upgrades). Ask for more, https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas, or take smaller or fewer instances (instance_type, instance_count in deploy/, or the setting deploymentSet), ${again}.`,
  },
  {
    says: ["ClusterMinNodesExceedCoreQuota", "ClusterCoreQuotaReached", "QuotaExceeded", "exceeding approved"],
    next: `Azure has no quota left for the cluster's nodes. Ask for more, https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas, or take less (settings compute.size, compute.maxNodes, compute.priority), ${again}.`,
  },
  {
    says: ["ResourceNotReady", "ContainerTerminated", "ImageBuildFailure", "UserContainerCrashed"],
    next: `The deployment's own code or environment did not start. See what its container said, mlops logs --stage STAGE, mend deploy/, ${again}.`,
  },
  {
    says: ["OutOfCapacity", "SkuNotAvailable"],
    next: `The region has no such machines free now. Take another size or region, or wait, ${again}.`,
  },
  {
    says: ["already exists in deleted state", "Soft-deleted workspace exists", "FlagMustBeSetForRestore"],
    next: `A deleted resource still holds the name. Bring it back or purge it (vault: az keyvault recover | purge --name NAME; workspace: az ml workspace delete --name NAME --resource-group GROUP --permanently-delete), or give the stacks another \`prefix\`, ${again}.`,
  },
  {
    says: ["EndpointAlreadyExists", "already an endpoint with"],
    next: `Endpoint names are unique in a region. Choose another: pulumi config set endpointName NAME --stack STAGE, ${again}.`,
  },
  {
    says: ["StorageAccountAlreadyTaken", "VaultAlreadyExists", "AlreadyInUse", "RegistryNameInUse"],
    next: `Somebody else has the name. Names are made of the setting \`prefix\` and the subscription: give all stacks another one (pulumi config set prefix NAME --stack …) before they are up, ${again}.`,
  },
  {
    says: [
      "KeyVaultPolicyError",
      "KeyVaultAuthenticationFailure",
      "KeyVaultEncryptionKeyNotFound",
      "KeyVaultVaultNotFound",
      "Failed to access KeyId",
      "CMK workspaces should have",
    ],
    next: `The key of customerManagedKey cannot be used: mlops doctor --stage STAGE says why (docs/safekeeping.md). A role on it that was given just now takes up to ten minutes to hold; ${again}.`,
  },
  {
    says: ["cannot create already existing resource"],
    next: "It exists, but the stack's state does not know it: made by hand, or by an `up` whose answer was lost. Take it over with the `pulumi import` above (then pulumi up as before), or delete it in Azure.",
  },
  {
    says: [
      "AuthorizationFailed",
      "LinkedAuthorizationFailed",
      "AuthorizationPermissionMismatch",
      "ForbiddenByRbac",
      "RoleAssignmentUpdateNotPermitted",
    ],
    next: `A role is missing, or was given just now and does not hold yet (Azure: up to ten minutes). Wait for a new one, or ask an owner of the scope above for it, ${again}.`,
  },
  {
    says: [
      "TooManyRequests",
      "SubscriptionRequestsThrottled",
      "ResourceRequestsThrottled",
      "ServerBusy",
      "temporarily_unavailable",
      "AADSTS90100",
    ],
    next: `Azure is asked too often at present and refused several tries. Wait some minutes, ${again}.`,
  },
  {
    says: ["ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "socket hang up", "NoAnswer"],
    next: `The connection broke, several times over. Check the network and HTTPS_PROXY (for the sandbox: mlops sandbox status), ${again}.`,
  },
  {
    says: [
      "InternalServerError",
      "InternalError",
      "ServiceUnavailable",
      "ServerTimeout",
      "BadGateway",
      "GatewayTimeout",
      "server_error",
      "OperationTimedOut",
    ],
    next: `This is trouble on Azure's side. Wait a little, ${again}; if it stays, see https://status.azure.com, or give Azure's support the request id above.`,
  },
  {
    says: ["PreconditionFailed", "AnotherOperationInProgress", "Conflict"],
    next: `Something else is changing the same resource. Let it end, ${again}.`,
  },
];

/** What to do next, when an error (or the output that has one) says something that is known; undefined else. */
export function adviceFor(said: string): string | undefined {
  return advices.find(({ says }) => says.some((words) => new RegExp(String.raw`(?<![\w/])${words}(?!\w)`).test(said)))?.next;
}
