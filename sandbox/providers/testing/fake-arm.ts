// A small stand-in for Azure in the provider's own tests: keeps what is PUT, records every request, and can be told how to answer.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Json = { [key: string]: unknown };

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly apiVersion: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Json | undefined;
}

/** Answers instead of the default; undefined leaves it to the default. */
export type Rule = (request: Recorded, azure: FakeArm) => { status: number; body?: unknown; headers?: Record<string, string> } | undefined;

export class FakeArm {
  /** Resources by lower-case id. */
  readonly resources = new Map<string, Json>();
  readonly requests: Recorded[] = [];
  readonly rules: Rule[] = [];
  readonly url: string;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<FakeArm> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "localhost", done));
    const azure = new FakeArm(server);
    server.on("request", (request, response) => void azure.answer(request, response));
    return azure;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** What the sandbox's shell environment gives a client. */
  get env(): Record<string, string> {
    return {
      ARM_CLOUD_METADATA_URL: `${this.url}/metadata/endpoints?api-version=2019-05-01`,
      ARM_TENANT_ID: "11111111-1111-4111-8111-111111111111",
      ARM_SUBSCRIPTION_ID: "22222222-2222-4222-8222-222222222222",
      ARM_CLIENT_ID: "33333333-3333-4333-8333-333333333333",
      ARM_CLIENT_SECRET: "not-a-secret",
    };
  }

  /** Requests that change something. */
  writes(): string[] {
    return this.requests.filter((r) => r.method !== "GET").map((r) => `${r.method} ${r.path}`);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const send = (status: number, body?: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { "content-type": "application/json", "x-ms-request-id": "req-1", ...headers });
      response.end(body === undefined ? "" : JSON.stringify(body));
    };
    if (url.pathname.startsWith("/metadata")) {
      return send(200, [
        {
          name: "fake",
          resourceManager: `${this.url}/`,
          authentication: { loginEndpoint: `${this.url}/`, audiences: [`${this.url}/`] },
          microsoftGraphResourceId: `${this.url}/graph/`,
        },
      ]);
    }
    if (url.pathname.endsWith("/oauth2/v2.0/token")) {
      const payload = Buffer.from(JSON.stringify({ oid: "44444444-4444-4444-8444-444444444444" })).toString("base64url");
      return send(200, { access_token: `h.${payload}.s`, expires_in: 3600 });
    }
    const recorded: Recorded = {
      method: request.method ?? "GET",
      path: decodeURIComponent(url.pathname),
      apiVersion: url.searchParams.get("api-version") ?? undefined,
      query: Object.fromEntries(url.searchParams),
      body: text === "" ? undefined : (JSON.parse(text) as Json),
    };
    this.requests.push(recorded);
    for (const rule of this.rules) {
      const answer = rule(recorded, this);
      if (answer) return send(answer.status, answer.body, answer.headers);
    }
    const key = recorded.path.toLowerCase();
    const kept = this.resources.get(key);
    switch (recorded.method) {
      case "PUT": {
        const resource = { ...recorded.body, id: recorded.path, name: recorded.path.split("/").at(-1), type: "Fake/type" };
        this.resources.set(key, resource);
        return send(kept ? 200 : 201, resource);
      }
      case "DELETE":
        for (const id of this.resources.keys()) if (id === key || id.startsWith(`${key}/`)) this.resources.delete(id);
        return send(kept ? 200 : 204);
      default:
        return kept ? send(200, kept) : send(404, { error: { code: "ResourceNotFound", message: `no ${recorded.path}` } });
    }
  }
}
