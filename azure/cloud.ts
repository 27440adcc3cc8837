// Which Azure this is: the public one, or the one that ARM_CLOUD_METADATA_URL describes (another cloud, or the sandbox).

/** Where a cloud's services are. URLs have no trailing slash. */
export interface Cloud {
  readonly name: string;
  /** Azure Resource Manager: `https://management.azure.com`. */
  readonly resourceManager: string;
  /** What a token for Resource Manager is asked for: `https://management.azure.com/.default`. */
  readonly resourceManagerScope: string;
  /** Entra: `https://login.microsoftonline.com`. */
  readonly authority: string;
  /** `core.windows.net`; blobs are at `https://{account}.blob.{storageSuffix}`. */
  readonly storageSuffix: string;
  /** What a token for Azure ML's own services and for Entra-protected endpoints is asked for. */
  readonly machineLearningScope: string;
  /** What a token for vaults is asked for: `https://vault.azure.net/.default`. */
  readonly vaultScope: string;
  /** True for Azure's public cloud, where Entra's instance discovery can be asked. */
  readonly isPublic: boolean;
}

/** Where tokens for blobs are asked for, the same in every cloud. */
export const storageScope = "https://storage.azure.com/.default";

const publicCloud: Cloud = {
  name: "AzureCloud",
  resourceManager: "https://management.azure.com",
  resourceManagerScope: "https://management.azure.com/.default",
  authority: "https://login.microsoftonline.com",
  storageSuffix: "core.windows.net",
  machineLearningScope: "https://ml.azure.com/.default",
  vaultScope: "https://vault.azure.net/.default",
  isPublic: true,
};

interface Metadata {
  readonly name?: string;
  readonly portal?: string;
  readonly resourceManager?: string;
  readonly authentication?: { readonly loginEndpoint?: string; readonly audiences?: readonly string[] };
  readonly suffixes?: { readonly storage?: string; readonly keyVaultDns?: string };
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, "");

/** `https://portal.azure.com` → `https://ml.azure.com/.default`: the labels of the portal's host from the second on, as the Python SDK does. */
function machineLearningScope(portal: string | undefined): string {
  if (!portal) return publicCloud.machineLearningScope;
  const host = withoutSlash(portal)
    .replace(/^https?:\/\//, "")
    .replace(/@.*$/, "");
  return `https://ml.azure.${host.split(".").slice(2).join(".")}/.default`;
}

/**
 * Reads a cloud metadata document (`GET /metadata/endpoints?api-version=2019-05-01` or `2022-09-01`), a list or one object.
 * @throws Error when what a client needs is not in it
 */
export function cloudFromMetadata(document: unknown, url: string): Cloud {
  const metadata = (Array.isArray(document) ? document[0] : document) as Metadata | undefined;
  const resourceManager = metadata?.resourceManager ?? new URL(url).origin;
  const authority = metadata?.authentication?.loginEndpoint;
  const storageSuffix = metadata?.suffixes?.storage;
  if (!authority || !storageSuffix) {
    throw new Error(
      `${url}: the cloud metadata has no ${authority ? "suffixes.storage" : "authentication.loginEndpoint"}; ` +
        "check ARM_CLOUD_METADATA_URL, or unset it for Azure's public cloud",
    );
  }
  const vaults = metadata?.suffixes?.keyVaultDns?.replace(/^\./, "");
  const audience = metadata?.authentication?.audiences?.[0] ?? resourceManager;
  return {
    name: metadata?.name ?? new URL(resourceManager).host,
    resourceManager: withoutSlash(resourceManager),
    resourceManagerScope: `${withoutSlash(audience)}/.default`,
    authority: withoutSlash(authority),
    storageSuffix,
    machineLearningScope: machineLearningScope(metadata?.portal),
    vaultScope: vaults ? `https://${vaults}/.default` : publicCloud.vaultScope,
    isPublic: withoutSlash(authority) === publicCloud.authority,
  };
}

/**
 * The cloud that the environment points at. Never falls back to public Azure when a metadata URL is set but unreachable:
 * that would send a sandbox's writes to a real subscription.
 */
export async function discoverCloud(
  env: Readonly<Record<string, string | undefined>>,
  fetchJson: (url: string) => Promise<unknown>,
): Promise<Cloud> {
  const url = env["ARM_CLOUD_METADATA_URL"];
  if (!url) return publicCloud;
  let document: unknown;
  try {
    document = await fetchJson(url);
  } catch (error) {
    throw new Error(
      `${url}: cloud metadata cannot be read (${error instanceof Error ? error.message : String(error)}); ` +
        "start the sandbox (mlops sandbox start), or unset ARM_CLOUD_METADATA_URL for Azure's public cloud",
      { cause: error },
    );
  }
  return cloudFromMetadata(document, url);
}
