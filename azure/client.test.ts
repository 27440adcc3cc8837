// The client against an HTTP server that plays Resource Manager.
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createHttpHeaders, RestError } from "@azure/core-rest-pipeline";
import type { HttpClient, PipelineRequest, PipelineResponse } from "@azure/core-rest-pipeline";
import { connect } from "./client.ts";
import type { Azure } from "./client.ts";
import { AzureError } from "./errors.ts";

type Reply = { status: number; headers?: Record<string, string>; body?: unknown };
let server: Server;
let base: string;
let azure: Azure;
let replies: Record<string, Reply[]>;
let seen: { method: string; url: string; authorization: string | undefined; body: string }[];

const metadata = () => ({
  name: "test",
  portal: "https://portal.azure.test",
  resourceManager: `${base}/`,
  authentication: { loginEndpoint: `${base}/`, audiences: ["https://management.test/"] },
  suffixes: { storage: "core.test" },
});

beforeEach(async () => {
  replies = {};
  seen = [];
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = request.url ?? "";
      if (path.startsWith("/metadata/")) return response.end(JSON.stringify(metadata()));
      seen.push({ method: request.method ?? "", url: path, authorization: request.headers.authorization, body });
      const queue = replies[`${request.method} ${path.replace(/\?.*/, "")}`] ?? [];
      const reply = (queue.length > 1 ? queue.shift() : queue[0]) ?? { status: 404, body: { error: { code: "NotFound", message: path } } };
      const headers = Object.fromEntries(Object.entries(reply.headers ?? {}).map(([k, v]) => [k, v.replace("BASE", base)]));
      return response.writeHead(reply.status, headers).end(reply.body === undefined ? "" : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  azure = await connect(
    { ARM_CLOUD_METADATA_URL: `${base}/metadata/endpoints`, AZURE_SUBSCRIPTION_ID: "sub" },
    {
      credential: { getToken: async (scope) => ({ token: `for ${String(scope)}`, expiresOnTimestamp: Date.now() + 3_600_000 }) },
      retryDelayMs: 1,
    },
  );
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

test("the cloud comes from its metadata, scopes included", () => {
  expect(azure.cloud).toMatchObject({
    resourceManager: base,
    resourceManagerScope: "https://management.test/.default",
    storageSuffix: "core.test",
    machineLearningScope: "https://ml.azure.test/.default",
    isPublic: false,
  });
});

test("a metadata URL that does not answer is an error, never public Azure", async () => {
  const dead = { ARM_CLOUD_METADATA_URL: "http://127.0.0.1:1/metadata/endpoints", AZURE_SUBSCRIPTION_ID: "s" };
  await expect(connect(dead, { retries: 0 })).rejects.toThrow(/metadata cannot be read.*start the sandbox/s);
});

test("no subscription: says which variable to set", async () => {
  await expect(connect({})).rejects.toThrow(/AZURE_SUBSCRIPTION_ID/);
});

test("GET sends a Resource Manager token and the api-version", async () => {
  replies["GET /a"] = [{ status: 200, body: { name: "a" } }];
  expect(await azure.get("/a", { apiVersion: "2024-10-01" })).toEqual({ name: "a" });
  expect(seen[0]).toMatchObject({
    url: "/a?api-version=2024-10-01",
    authorization: "Bearer for https://management.test/.default",
  });
});

test("another host never gets a token unasked", async () => {
  await expect(azure.get("https://example.com/x")).rejects.toThrow(/say which token/);
});

test("429 and 503 are retried, as Retry-After asks", async () => {
  replies["GET /busy"] = [{ status: 429, headers: { "retry-after": "0" } }, { status: 503 }, { status: 200, body: { ok: true } }];
  expect(await azure.get("/busy")).toEqual({ ok: true });
  expect(seen).toHaveLength(3);
});

test("connections that break before, while and after a request is sent are tried again, and so is an answer that breaks off", async () => {
  for (const code of ["ECONNRESET", "EPIPE", "EAI_AGAIN", "PARSE_ERROR"]) {
    let calls = 0;
    const httpClient: HttpClient = {
      async sendRequest(request) {
        if (request.url.includes("/metadata/")) return answer(request, metadata());
        if (++calls < 3) throw new RestError("broken", { code, request });
        return answer(request, { ok: true });
      },
    };
    const answer = (request: PipelineRequest, body: unknown): PipelineResponse => ({
      request,
      status: 200,
      headers: createHttpHeaders(),
      bodyAsText: JSON.stringify(body),
    });
    const broken = await connect(
      { ARM_CLOUD_METADATA_URL: `${base}/metadata/endpoints`, AZURE_SUBSCRIPTION_ID: "sub" },
      { credential: { getToken: async () => ({ token: "t", expiresOnTimestamp: Date.now() + 3_600_000 }) }, retryDelayMs: 1, httpClient },
    );
    expect([code, await broken.get("/a"), calls]).toEqual([code, { ok: true }, 3]);
  }
});

test("an error carries code, message, details and request id, and not the query", async () => {
  replies["PUT /bad"] = [
    {
      status: 400,
      headers: { "x-ms-request-id": "r-1" },
      body: { error: { code: "Bad", message: "no", target: "t", details: [{ code: "Inner", message: "because" }] } },
    },
  ];
  const error = await azure.put("/bad?sig=secret", {}).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(AzureError);
  expect(error).toMatchObject({ status: 400, code: "Bad", target: "t", requestId: "r-1" });
  expect((error as Error).message).toMatch(/Bad: no; Inner: because \[PUT .*: 400\] \(request id r-1\)/);
  expect((error as Error).message).not.toContain("secret");
});

test("find is undefined for 404; get throws", async () => {
  expect(await azure.find("/none")).toBeUndefined();
  await expect(azure.get("/none")).rejects.toMatchObject({ status: 404 });
});

test("PUT follows Azure-AsyncOperation to its end and returns the resource", async () => {
  replies["PUT /r"] = [{ status: 201, headers: { "azure-asyncoperation": "BASE/op", "retry-after": "0" }, body: {} }];
  replies["GET /op"] = [
    { status: 200, headers: { "retry-after": "0" }, body: { status: "Running" } },
    { status: 200, body: { status: "Succeeded" } },
  ];
  replies["GET /r"] = [{ status: 200, body: { name: "r" } }];
  const states: string[] = [];
  expect(await azure.put("/r", { a: 1 }, { onProgress: (s) => states.push(s) })).toEqual({ name: "r" });
  expect(states).toEqual(["Running", "Succeeded"]);
});

test("an operation that ends in Failed throws the error only found there", async () => {
  replies["PUT /r"] = [{ status: 201, headers: { "azure-asyncoperation": "BASE/op", "retry-after": "0" }, body: {} }];
  replies["GET /op"] = [{ status: 200, body: { status: "Failed", error: { code: "OutOfQuota", message: "need 4 cores" } } }];
  await expect(azure.put("/r", {})).rejects.toMatchObject({ code: "OutOfQuota", message: expect.stringContaining("need 4 cores") });
});

test("PUT without operation headers waits for provisioningState", async () => {
  replies["PUT /p"] = [{ status: 201, headers: { "retry-after": "0" }, body: { properties: { provisioningState: "Creating" } } }];
  replies["GET /p"] = [
    { status: 200, headers: { "retry-after": "0" }, body: { properties: { provisioningState: "Creating" } } },
    { status: 200, body: { properties: { provisioningState: "Succeeded" } } },
  ];
  expect(await azure.put("/p", {})).toEqual({ properties: { provisioningState: "Succeeded" } });
});

test("DELETE follows Location until it is no longer 202; nothing there is false", async () => {
  replies["DELETE /d"] = [{ status: 202, headers: { location: "BASE/where", "retry-after": "0" } }];
  replies["GET /where"] = [{ status: 202, headers: { "retry-after": "0" } }, { status: 200 }];
  expect(await azure.delete("/d")).toBe(true);
  expect(await azure.delete("/none")).toBe(false);
});

test("POST returns the result found at Location", async () => {
  replies["POST /act"] = [{ status: 202, headers: { location: "BASE/res", "retry-after": "0" } }];
  replies["GET /res"] = [{ status: 200, body: { answer: 42 } }];
  expect(await azure.post("/act", {})).toEqual({ answer: 42 });
});

test("list walks all pages", async () => {
  replies["GET /l"] = [{ status: 200, body: { value: [1, 2], nextLink: `${base}/l2` } }];
  replies["GET /l2"] = [{ status: 200, body: { value: [3] } }];
  const all: unknown[] = [];
  for await (const item of azure.list("/l")) all.push(item);
  expect(all).toEqual([1, 2, 3]);
});

test("an aborted wait ends at once", async () => {
  replies["PUT /r"] = [{ status: 201, headers: { "azure-asyncoperation": "BASE/op", "retry-after": "60" }, body: {} }];
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await expect(azure.put("/r", {}, { signal: controller.signal })).rejects.toThrow(/abort/i);
});
