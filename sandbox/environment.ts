// The variables that point a client at the running sandbox.
import { mkdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { KeptFaults } from "./faults/plan.ts";
import { rolesHoldAfter } from "./server/latency.ts";
import { insideAddress } from "./network/reach.ts";
import { sandboxStatus } from "./status.ts";

/** Which program the variables are for; `shell` is all of them and what Pulumi needs. */
export type EnvFor = "shell" | "python" | "node" | "az" | "proxy";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");

/**
 * Variables that point a client at the running sandbox. Secrets are among them: print them for a shell to evaluate, never log.
 * @throws Error when it is not running.
 */
export async function sandboxEnv(
  dir: string,
  client: EnvFor = "shell",
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, string>> {
  const status = await sandboxStatus(dir);
  if (!status.running) throw new Error(`The sandbox in ${dir} is not running (${status.reason}). Start it with: mlops sandbox start`);
  const { info } = status;
  const secret = readFileSync(info.clientSecretFile, "utf8").trim();
  const bundle = join(dir, "ca-bundle.pem");
  const local = new Set(
    [...(environment["NO_PROXY"] ?? environment["no_proxy"] ?? "").split(","), "localhost", "127.0.0.1"].filter((one) => one !== ""),
  );
  const common: Record<string, string> = {
    ARM_CLOUD_METADATA_URL: info.metadataUrl,
    AZURE_AUTHORITY_HOST: info.armEndpoint,
    AZURE_TENANT_ID: info.tenantId,
    AZURE_CLIENT_ID: info.clientId,
    AZURE_CLIENT_SECRET: secret,
    AZURE_SUBSCRIPTION_ID: info.subscriptionId,
    NO_PROXY: [...local].join(","),
    no_proxy: [...local].join(","),
  };
  const python = { REQUESTS_CA_BUNDLE: bundle, SSL_CERT_FILE: bundle };
  const node = { NODE_EXTRA_CA_CERTS: info.caFile };
  if (client === "proxy") return proxied(dir, info.proxyPort, common, { ...python, ...node });
  if (client === "python") return { ...common, ...python };
  if (client === "node") return { ...common, ...node };
  if (client === "az") {
    // MSAL would ask login.microsoftonline.com whether it knows the authority.
    const quiet = { AZURE_CORE_INSTANCE_DISCOVERY: "false", AZURE_CORE_COLLECT_TELEMETRY: "false" };
    return { ...common, ...python, AZURE_CONFIG_DIR: join(dir, "az"), ...quiet };
  }
  const pulumiState = join(dir, "pulumi-state");
  mkdirSync(pulumiState, { recursive: true });
  const first = [join(root, "node_modules", ".bin"), join(root, ".tools", "bin")];
  const rest = (environment["PATH"] ?? "").split(delimiter).filter((one) => !first.includes(one));
  return {
    ...common,
    ...python,
    ...node,
    ARM_TENANT_ID: info.tenantId,
    ARM_CLIENT_ID: info.clientId,
    ARM_CLIENT_SECRET: secret,
    ARM_SUBSCRIPTION_ID: info.subscriptionId,
    PULUMI_HOME: join(dir, "pulumi-home"),
    PULUMI_BACKEND_URL: pathToFileURL(pulumiState).href,
    // Local state of a local cloud: the same everywhere, so that a stack file made in one checkout opens in another.
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    MLOPS_SANDBOX_DIR: dir,
    MLOPS_ROLES_HOLD_AFTER_SECONDS: String(Math.max(rolesHoldAfter(info.profile), new KeptFaults(dir).rolesHoldAfter)),
    // A shell stands for a machine in the stages' virtual networks, where there is such an address: not on macOS as it comes.
    ...(process.platform === "darwin" ? {} : { MLOPS_SOURCE_ADDRESS: insideAddress }),
    PATH: [...first, ...rest].join(delimiter),
  };
}

/** What a client in a shell for public Azure must not find: it would go past the proxy. */
export const unsetFor: Readonly<Partial<Record<EnvFor, readonly string[]>>> = {
  proxy: ["ARM_CLOUD_METADATA_URL", "AZURE_AUTHORITY_HOST", "AZURE_CLOUD"],
};

/** Public Azure, as the client believes, and a proxy that leads its names here. Nothing goes past it, addresses of this machine neither. */
function proxied(dir: string, port: number, common: Record<string, string>, trust: Record<string, string>): Record<string, string> {
  const kept = Object.entries(common).filter(([name]) => !unsetFor.proxy!.includes(name) && !/^no_proxy$/i.test(name));
  const proxy = `http://127.0.0.1:${port}`;
  return {
    ...Object.fromEntries(kept),
    ...trust,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: "",
    no_proxy: "",
    // Node's own fetch and https look at the two above only when told.
    NODE_USE_ENV_PROXY: "1",
    AZURE_CONFIG_DIR: join(dir, "az-proxy"),
    AZURE_CORE_COLLECT_TELEMETRY: "false",
  };
}
