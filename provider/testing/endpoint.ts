// An online endpoint over HTTP, by Azure's rules as far as a rollout meets them: for the provider's tests.
// oxlint-disable no-restricted-imports -- a server, and only for tests
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "../../azure/client.ts";
import type { Azure } from "../../azure/client.ts";
import type { Call } from "../kind.ts";

/** How a deployment answers a scoring call, given how many calls it has had. */
type Answers = (calls: number) => { status: number; delayMs?: number; body?: string };

const path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e";

export class FakeEndpoint {
  readonly id = path;
  readonly key = "the-secret-key";
  traffic: Record<string, number> = {};
  mirrorTraffic: Record<string, number> = {};
  tags: Record<string, string> = {};
  description = "";
  state = "Succeeded";
  exists = true;
  /** Answers per deployment. */
  readonly deployments = new Map<string, { state: string; answers: Answers; calls: number }>();
  /** Every split that was written, in order, and whether the last-good tag was on it. */
  readonly splits: { traffic: Record<string, number>; mirror: Record<string, number>; marked: boolean }[] = [];
  readonly said: string[] = [];
  /** Runs before each PUT is looked at; may change the endpoint, as another process would. */
  beforePut: (() => { status: number; code: string } | undefined) | undefined;
  /** Answers that many reads with `Updating`. */
  updatingReads = 0;
  #etag = 1;
  #server: Server | undefined;
  #azure: Azure | undefined;

  /** Starts a server; the azure client that speaks to it is in `call()`. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      void bodyOf(request).then((body) => this.#answer(request, response, body));
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, "127.0.0.1", resolve));
    this.#azure = await connect(
      { ARM_CLOUD_METADATA_URL: `${this.base}/metadata`, AZURE_SUBSCRIPTION_ID: "s" },
      { credential: { getToken: async () => ({ token: "arm", expiresOnTimestamp: Date.now() + 3_600_000 }) }, retryDelayMs: 1 },
    );
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`;
  }

  deploy(name: string, answers: Answers = () => ({ status: 200 }), state = "Succeeded"): void {
    this.deployments.set(name, { state, answers, calls: 0 });
  }

  call(signal: AbortSignal = new AbortController().signal): Call {
    return { azure: async () => this.#azure!, signal, say: (m) => void this.said.push(m), note: (m) => void this.said.push(m) };
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const send = (status: number, value: unknown, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, headers).end(JSON.stringify(value));
    const refuse = (status: number, code: string, message = code): void => send(status, { error: { code, message } });
    const url = (request.url ?? "").replace(/\?.*/, "");
    if (url === "/metadata") {
      return send(200, {
        resourceManager: `${this.base}/`,
        authentication: { loginEndpoint: `${this.base}/` },
        suffixes: { storage: "x" },
      });
    }
    if (url === "/score") return this.#score(request, send, refuse);
    if (!this.exists) return refuse(404, "ResourceNotFound");
    if (url === `${path}/listKeys`) return send(200, { primaryKey: this.key });
    if (url === `${path}/deployments`) {
      return send(200, { value: [...this.deployments].map(([name, d]) => ({ name, properties: { provisioningState: d.state } })) });
    }
    if (request.method === "GET") return send(200, this.#shown(), { etag: `"${this.#etag}"` });
    return this.#put(request, JSON.parse(body) as Put, send, refuse);
  }

  #put(
    request: IncomingMessage,
    body: Put,
    send: (s: number, v: unknown) => void,
    refuse: (s: number, c: string, m?: string) => void,
  ): void {
    const trouble = this.beforePut?.();
    if (trouble) return refuse(trouble.status, trouble.code);
    const match = request.headers["if-match"];
    if (match !== undefined && match !== `"${this.#etag}"`) return refuse(412, "PreconditionFailed");
    const { traffic = {}, mirrorTraffic = {}, description = "" } = body.properties;
    const unknown = Object.keys({ ...traffic, ...mirrorTraffic }).find((name) => !this.deployments.has(name));
    if (unknown) return refuse(400, "BadRequest", `deployment ${unknown} does not exist`);
    const sum = Object.values(traffic).reduce((a, b) => a + b, 0);
    if (sum !== 0 && sum !== 100) return refuse(400, "BadRequest", `traffic adds up to ${sum}`);
    Object.assign(this, { traffic, mirrorTraffic, description, tags: body.tags ?? {} });
    this.#etag += 1;
    this.splits.push({ traffic, mirror: mirrorTraffic, marked: "mlops-last-good-traffic" in this.tags });
    return send(200, this.#shown());
  }

  #score(request: IncomingMessage, send: (s: number, v: unknown) => void, refuse: (s: number, c: string) => void): void {
    if (request.headers.authorization !== `Bearer ${this.key}`) return refuse(401, "Unauthorized");
    const deployment = this.deployments.get(String(request.headers["azureml-model-deployment"]));
    if (!deployment) return refuse(404, "NotFound");
    const { status, delayMs = 0, body = "ok" } = deployment.answers((deployment.calls += 1));
    setTimeout(() => send(status, body), delayMs);
  }

  #shown(): unknown {
    const state = this.updatingReads-- > 0 ? "Updating" : this.state;
    const { traffic, mirrorTraffic, description } = this;
    return {
      ...{ id: path, name: "e", location: "westeurope", tags: this.tags, kind: "Managed" },
      identity: { type: "SystemAssigned", principalId: "p" },
      properties: { authMode: "Key", provisioningState: state, scoringUri: `${this.base}/score`, traffic, mirrorTraffic, description },
    };
  }
}

interface Put {
  tags?: Record<string, string>;
  properties: { traffic?: Record<string, number>; mirrorTraffic?: Record<string, number>; description?: string };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
