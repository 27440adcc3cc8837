// The router in front of small servers of the test's own: who gets in, who answers, what a failure looks like.
import { afterEach, expect, test } from "@jest/globals";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RouterLink } from "../link.ts";
import { signToken } from "../tokens.ts";
import type { DeploymentRoute, EndpointRoute } from "../table.ts";

const endpointId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/wine";
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function model(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ port: number; server: Server }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, server };
}

const named = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
  request.resume().on("end", () => response.end(name));
};

function deployment(name: string, weight: number, ports: readonly number[], more: Partial<DeploymentRoute> = {}): DeploymentRoute {
  const instances = ports.map((port) => ({ id: `${name}-${port}`, port }));
  return {
    id: `${endpointId}/deployments/${name}`,
    name,
    weight,
    instances,
    concurrency: 50,
    capacity: Math.max(1, ports.length),
    queueWaitMs: 500,
    requestTimeoutMs: 2000,
    ...more,
  };
}

function endpoint(deployments: readonly DeploymentRoute[], more: Partial<EndpointRoute> = {}): EndpointRoute {
  return {
    id: endpointId,
    name: "wine",
    path: "westeurope/wine",
    kind: "Managed",
    auth: { mode: "Key", keys: ["first-key", "second-key"] },
    deployments,
    mirror: undefined,
    ...more,
  };
}

async function routed(route: EndpointRoute, verify: (token: string) => Promise<number | undefined> = async () => undefined) {
  const link = await RouterLink.start({ host: "127.0.0.1", port: 0, tls: undefined }, verify, (error) => {
    throw error;
  });
  closers.push(() => link.stop());
  await link.push([route]);
  const score = (init: RequestInit & { key?: string; path?: string } = {}) =>
    fetch(`http://127.0.0.1:${link.port}/westeurope/wine${init.path ?? "/score"}`, {
      method: "POST",
      body: "{}",
      ...init,
      headers: { authorization: `Bearer ${init.key ?? "first-key"}`, ...(init.headers as Record<string, string>) },
    });
  return { link, score };
}

test("only a caller with one of the two keys gets in", async () => {
  const { port } = await model(named("blue"));
  const { score } = await routed(endpoint([deployment("blue", 100, [port])]));
  expect((await score()).status).toBe(200);
  expect((await score({ key: "second-key" })).status).toBe(200);
  const wrong = await score({ key: "first-kex" });
  expect([wrong.status, await wrong.text()]).toEqual([401, "key_auth_access_denied"]);
  const none = await score({ headers: { authorization: "" } });
  expect([none.status, await none.text()]).toEqual([401, "key_auth_bad_header_forbidden"]);
});

test("an AML token is good for its endpoint until it ends", async () => {
  const { port } = await model(named("blue"));
  const secret = Buffer.alloc(32, 7).toString("base64url");
  const { score } = await routed(endpoint([deployment("blue", 100, [port])], { auth: { mode: "AMLToken", secret, endpoint: endpointId } }));
  expect((await score({ key: await signToken(secret, endpointId, 60) })).status).toBe(200);
  expect((await score({ key: await signToken(secret, endpointId, -1) })).status).toBe(401);
  expect((await score({ key: await signToken(secret, `${endpointId}2`, 60) })).status).toBe(401);
  expect((await score({ key: await signToken(Buffer.alloc(32, 8).toString("base64url"), endpointId, 60) })).status).toBe(401);
});

test("an Entra token is asked of the main thread once and then remembered", async () => {
  const { port } = await model(named("blue"));
  const asked: string[] = [];
  const { score } = await routed(
    endpoint([deployment("blue", 100, [port])], { auth: { mode: "AADToken", endpoint: "/endpoint" } }),
    async (token) => {
      asked.push(token);
      return token === "good" ? Date.now() + 60_000 : undefined;
    },
  );
  expect((await score({ key: "good" })).status).toBe(200);
  expect((await score({ key: "good" })).status).toBe(200);
  expect((await score({ key: "bad" })).status).toBe(401);
  expect(asked).toEqual(["good", "bad"]);
});

test("traffic splits by weight, evenly even over a hundred requests", async () => {
  const blue = await model(named("blue"));
  const green = await model(named("green"));
  const { score } = await routed(endpoint([deployment("blue", 90, [blue.port]), deployment("green", 10, [green.port])]));
  const answers: string[] = [];
  for (let i = 0; i < 100; i++) {
    const response = await score();
    answers.push(await response.text());
    expect(response.headers.get("azureml-model-deployment")).toBe(answers.at(-1));
  }
  const greens = answers.filter((answer) => answer === "green").length;
  expect(greens).toBeGreaterThanOrEqual(8);
  expect(greens).toBeLessThanOrEqual(12);
});

test("the header picks a deployment without traffic, and one that is not there answers 404", async () => {
  const blue = await model(named("blue"));
  const green = await model(named("green"));
  const { score, link } = await routed(endpoint([deployment("blue", 100, [blue.port]), deployment("green", 0, [green.port])]));
  expect(await (await score({ headers: { "azureml-model-deployment": "green" } })).text()).toBe("green");
  expect((await score({ headers: { "azureml-model-deployment": "red" } })).status).toBe(404);
  await link.push([endpoint([deployment("blue", 0, [blue.port])])]);
  expect((await score()).status).toBe(404);
});

test("a model's own error becomes 424 with its status in a header; Kubernetes passes it on", async () => {
  const { port } = await model((request, response) => {
    request.resume();
    response.writeHead(400, { "content-type": "application/json" }).end('{"message":"bad row"}');
  });
  const { score, link } = await routed(endpoint([deployment("blue", 100, [port])]));
  const managed = await score();
  expect([managed.status, managed.headers.get("ms-azureml-model-error-statuscode"), await managed.text()]).toEqual([
    424,
    "400",
    '{"message":"bad row"}',
  ]);
  await link.push([endpoint([deployment("blue", 100, [port])], { kind: "Kubernetes" })]);
  expect((await score()).status).toBe(400);
});

test("the model never sees the key, and gets a request id that the caller cannot choose", async () => {
  let seen: IncomingMessage["headers"] = {};
  const { port } = await model((request, response) => {
    seen = request.headers;
    request.resume().on("end", () => response.end("ok"));
  });
  const { score } = await routed(endpoint([deployment("blue", 100, [port])]));
  const response = await score({
    headers: { "x-request-id": "mine", "x-ms-client-request-id": "a b!c_d-" + "9".repeat(60), "x-custom": "kept" },
  });
  expect(seen["authorization"]).toBeUndefined();
  expect(seen["x-custom"]).toBe("kept");
  expect(seen["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(response.headers.get("x-request-id")).toBe(seen["x-request-id"]);
  expect(seen["x-ms-client-request-id"]).toBe(`abc_d-${"9".repeat(34)}`);
});

test("too slow is 408, none healthy is 503, a broken answer is 424", async () => {
  const slow = await model(() => undefined);
  const broken = await model((request) => request.socket.destroy());
  const { score, link } = await routed(endpoint([deployment("blue", 100, [slow.port], { requestTimeoutMs: 100 })]));
  expect((await score()).status).toBe(408);
  await link.push([endpoint([deployment("blue", 100, [])])]);
  expect((await score()).status).toBe(503);
  await link.push([endpoint([deployment("blue", 100, [broken.port])])]);
  const response = await score();
  expect([response.status, response.headers.get("ms-azureml-model-error-statuscode")]).toEqual([424, "502"]);
});

test("twice the concurrency gets in, the rest is 429", async () => {
  let active = 0;
  let most = 0;
  const { port } = await model((request, response) => {
    most = Math.max(most, ++active);
    request.resume();
    setTimeout(() => {
      active--;
      response.end("ok");
    }, 100);
  });
  const { score } = await routed(endpoint([deployment("blue", 100, [port], { concurrency: 2, queueWaitMs: 2000 })]));
  const statuses = (await Promise.all(Array.from({ length: 7 }, () => score()))).map((response) => response.status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(4);
  expect(statuses.filter((status) => status === 429)).toHaveLength(3);
  expect(most).toBe(2);
});

test("a process that refuses connections is passed over for one that does not", async () => {
  const alive = await model(named("alive"));
  const dead = await model(named("dead"));
  await new Promise((resolve) => dead.server.close(resolve));
  const { score } = await routed(endpoint([deployment("blue", 100, [dead.port, alive.port])]));
  for (let i = 0; i < 6; i++) expect(await (await score()).text()).toBe("alive");
});

test("a mirrored request is answered by the live deployment and copied to the shadow", async () => {
  const copies: string[] = [];
  const blue = await model(named("blue"));
  const shadow = await model((request, response) => {
    let body = "";
    request
      .on("data", (part: Buffer) => (body += part.toString()))
      .on("end", () => {
        copies.push(body);
        response.writeHead(500).end();
      });
  });
  const { score, link } = await routed(
    endpoint([deployment("blue", 100, [blue.port]), deployment("green", 0, [shadow.port])], {
      mirror: { deployment: "green", percent: 50 },
    }),
  );
  for (let i = 0; i < 20; i++) expect(await (await score({ body: `row ${i}` })).text()).toBe("blue");
  for (let i = 0; i < 50 && copies.length < 9; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(copies.length).toBeGreaterThanOrEqual(9);
  expect(copies.length).toBeLessThanOrEqual(11);
  expect(copies[0]).toMatch(/^row \d+$/);
  const [seen] = await link.metrics({
    id: `${endpointId}/deployments/green`,
    from: Date.now() - 60_000,
    to: Date.now() + 1000,
    stepSeconds: 3600,
  });
  expect(seen?.byStatus["424/500"]).toBe(copies.length);
});

test("no request is lost while traffic moves and the old slot is removed", async () => {
  const handler = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
    request.resume().on("end", () => setTimeout(() => response.end(name), 5));
  };
  const blue = await model(handler("blue"));
  const green = await model(handler("green"));
  const both = (share: number) => endpoint([deployment("blue", 100 - share, [blue.port]), deployment("green", share, [green.port])]);
  const { score, link } = await routed(both(0));
  const answers: { status: number; body: string }[] = [];
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      const response = await score();
      answers.push({ status: response.status, body: await response.text() });
    }
  };
  const clients = Array.from({ length: 8 }, client);
  for (const share of [10, 50, 100]) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    await link.push([both(share)]);
  }
  await link.push([endpoint([deployment("green", 100, [green.port])])]);
  await link.drain([`blue-${blue.port}`], 2000);
  blue.server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 60));
  running = false;
  await Promise.all(clients);
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(answers.at(-1)?.body).toBe("green");
});

test("a drain waits for what is under way, and the body is streamed to its end", async () => {
  let finish: () => void = () => undefined;
  const { port } = await model((request, response) => {
    request.resume();
    response.write("first ");
    finish = () => response.end("last");
  });
  const { score, link } = await routed(endpoint([deployment("blue", 100, [port])]));
  const response = await score();
  const reader = response.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("first ");
  await link.push([endpoint([])]);
  let drained = false;
  const draining = link.drain([`blue-${port}`], 5000).then(() => (drained = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(drained).toBe(false);
  finish();
  await draining;
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("last");
});

test("a router's thread that dies says so, and leaves nobody waiting for it", async () => {
  const died = Promise.withResolvers<Error>();
  const link = await RouterLink.start({ host: "127.0.0.1", port: 0, tls: undefined }, async () => undefined, died.resolve);
  await link.push([undefined as unknown as EndpointRoute]);
  expect((await died.promise).message).toContain("undefined");
  await expect(link.metrics({ id: endpointId, from: 0, to: 1, stepSeconds: 5 })).rejects.toThrow("ended");
});

test("a body past the limit is 413", async () => {
  const { port } = await model(named("blue"));
  const { score } = await routed(endpoint([deployment("blue", 100, [port])]));
  expect((await score({ body: "x".repeat(17 * 1024 * 1024) })).status).toBe(413);
});

test("requests, errors and latencies are counted by deployment and for the endpoint", async () => {
  const { port } = await model((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(request.url === "/score?fail" ? 500 : 200).end(), 30);
  });
  const { score, link } = await routed(endpoint([deployment("blue", 100, [port])]));
  for (let i = 0; i < 4; i++) await (await score()).text();
  await (await score({ path: "/score?fail" })).text();
  const query = { from: Date.now() - 60_000, to: Date.now() + 1000, stepSeconds: 3600 };
  const [blue] = await link.metrics({ id: `${endpointId}/deployments/blue`, ...query });
  expect(blue).toMatchObject({ requests: 5, errors: 1, byStatus: { "200": 4, "424/500": 1 } });
  expect(blue!.p50).toBeGreaterThan(25);
  expect(blue!.p95).toBeLessThan(500);
  await score({ key: "wrong" });
  const [all] = await link.metrics({ id: endpointId, ...query });
  expect(all).toMatchObject({ requests: 6, errors: 2 });
});
