// Where the sandbox is, and the tokens for it. These providers speak to a sandbox on this machine and to nothing else.
import { exchange } from "./exchange.ts";

/** Provider configuration as Pulumi hands it over (`azure-native:subscriptionId` …), names without their prefix. */
export type Config = Readonly<Record<string, string | undefined>>;

interface Metadata {
  readonly resourceManager: string;
  readonly loginEndpoint: string;
  readonly audience: string;
  readonly graph: string | undefined;
}

/** Endpoints and credentials of the sandbox, from the provider's configuration and the sandbox's environment variables. */
export class Cloud {
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly #clientSecret: string;
  readonly #metadataUrl: string;
  #metadata: Promise<Metadata> | undefined;
  readonly #tokens = new Map<string, Promise<{ token: string; until: number }>>();

  constructor(config: Config, env: NodeJS.ProcessEnv) {
    const need = (value: string | undefined, what: string): string => {
      if (value) return value;
      throw new Error(`${what} is not set; prepare the shell with: eval "$(npx mlops sandbox env)"`);
    };
    this.#metadataUrl = need(config["metadataHost"] ?? env["ARM_CLOUD_METADATA_URL"], "ARM_CLOUD_METADATA_URL");
    const host = new URL(this.#metadataUrl).hostname;
    if (!["localhost", "127.0.0.1", "[::1]"].includes(host)) {
      throw new Error(
        `this is the sandbox's own provider and speaks only to this machine, but ARM_CLOUD_METADATA_URL names ${host}; ` +
          "for real Azure unset PULUMI_HOME, so that Pulumi takes Microsoft's cloud with the real provider",
      );
    }
    this.subscriptionId = need(
      config["subscriptionId"] ?? env["ARM_SUBSCRIPTION_ID"] ?? env["AZURE_SUBSCRIPTION_ID"],
      "ARM_SUBSCRIPTION_ID",
    );
    this.tenantId = need(config["tenantId"] ?? env["ARM_TENANT_ID"] ?? env["AZURE_TENANT_ID"], "ARM_TENANT_ID");
    this.clientId = need(config["clientId"] ?? env["ARM_CLIENT_ID"] ?? env["AZURE_CLIENT_ID"], "ARM_CLIENT_ID");
    this.#clientSecret = need(config["clientSecret"] ?? env["ARM_CLIENT_SECRET"] ?? env["AZURE_CLIENT_SECRET"], "ARM_CLIENT_SECRET");
  }

  /** Resource Manager's base URL, without trailing slash. */
  async resourceManager(): Promise<string> {
    return (await this.#endpoints()).resourceManager;
  }

  /** Microsoft Graph's base URL, without trailing slash. */
  async graph(): Promise<string> {
    const { graph } = await this.#endpoints();
    if (graph) return graph;
    throw new Error(
      "the sandbox's cloud metadata names no Microsoft Graph endpoint (microsoftGraphResourceId): it does not model Graph yet",
    );
  }

  /** Audience of Resource Manager's tokens. */
  async audience(): Promise<string> {
    return (await this.#endpoints()).audience;
  }

  /** A bearer token by client credentials (OAuth 2.0, Entra v2.0 endpoint), kept until five minutes before its end. */
  async token(audience: string): Promise<string> {
    const kept = this.#tokens.get(audience);
    if (kept) {
      const { token, until } = await kept;
      if (until > Date.now()) return token;
    }
    const fresh = this.#requestToken(audience);
    this.#tokens.set(audience, fresh);
    fresh.catch(() => this.#tokens.delete(audience));
    return (await fresh).token;
  }

  async #requestToken(audience: string): Promise<{ token: string; until: number }> {
    const { loginEndpoint } = await this.#endpoints();
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: this.clientId,
      client_secret: this.#clientSecret,
      scope: `${audience.replace(/\/$/, "")}/.default`,
    });
    const reply = await exchange({
      method: "POST",
      url: new URL(`${loginEndpoint}/${this.tenantId}/oauth2/v2.0/token`),
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    });
    const answer = JSON.parse(reply.text) as { access_token?: string; expires_in?: number; error?: string; error_description?: string };
    if (!answer.access_token)
      throw new Error(`signing in failed: ${answer.error ?? reply.status} ${answer.error_description ?? ""}`.trim());
    return { token: answer.access_token, until: Date.now() + ((answer.expires_in ?? 3600) - 300) * 1000 };
  }

  #endpoints(): Promise<Metadata> {
    if (!this.#metadata) {
      this.#metadata = readMetadata(this.#metadataUrl);
      this.#metadata.catch(() => (this.#metadata = undefined));
    }
    return this.#metadata;
  }
}

/** The claim of a token by name; the token's signature is the server's business. */
export function claim(token: string, name: string): string {
  const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
  const value = payload[name];
  return typeof value === "string" ? value : "";
}

async function readMetadata(url: string): Promise<Metadata> {
  const reply = await exchange({ method: "GET", url: new URL(url) });
  if (reply.status !== 200) {
    throw new Error(`the sandbox's cloud metadata at ${url} answered ${reply.status}; is the sandbox running (mlops sandbox status)?`);
  }
  const document: unknown = JSON.parse(reply.text);
  const cloud = (Array.isArray(document) ? document[0] : document) as {
    resourceManager: string;
    authentication: { loginEndpoint: string; audiences?: string[] };
    microsoftGraphResourceId?: string;
  };
  return {
    resourceManager: trim(cloud.resourceManager),
    loginEndpoint: trim(cloud.authentication.loginEndpoint),
    audience: cloud.authentication.audiences?.[0] ?? cloud.resourceManager,
    graph: cloud.microsoftGraphResourceId === undefined ? undefined : trim(cloud.microsoftGraphResourceId),
  };
}

function trim(url: string): string {
  return url.replace(/\/+$/, "");
}
