// Endpoints as a client writes and calls them.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { endpointBody, score } from "./online.ts";
import type { OnlineEndpoint } from "./online.ts";

const endpoint: OnlineEndpoint = {
  id: "/e",
  name: "e",
  location: "westeurope",
  kind: "Managed",
  tags: { a: "1" },
  identity: { type: "UserAssigned", userAssignedIdentities: { "/id": { principalId: "p", clientId: "c" } } },
  properties: {
    authMode: "Key",
    description: "d",
    properties: { "azureml.onlineendpointid": "x" },
    publicNetworkAccess: "Enabled",
    traffic: { blue: 100 },
    mirrorTraffic: {},
    scoringUri: "https://x",
    provisioningState: "Succeeded",
  },
};

test("a change of the traffic sends everything else as it was, and nothing that the service fills in", () => {
  expect(endpointBody(endpoint, { traffic: { blue: 90, green: 10 } })).toEqual({
    location: "westeurope",
    kind: "Managed",
    tags: { a: "1" },
    identity: { type: "UserAssigned", userAssignedIdentities: { "/id": {} } },
    properties: {
      authMode: "Key",
      description: "d",
      properties: { "azureml.onlineendpointid": "x" },
      publicNetworkAccess: "Enabled",
      traffic: { blue: 90, green: 10 },
      mirrorTraffic: {},
    },
  });
});

test("a change of anything else keeps the traffic", () => {
  const body = endpointBody(endpoint, { tags: { b: "2" }, description: "new", publicNetworkAccess: "Disabled" });
  expect(body).toMatchObject({
    tags: { b: "2" },
    properties: { traffic: { blue: 100 }, description: "new", publicNetworkAccess: "Disabled" },
  });
});

let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/slow") return;
    response.writeHead(request.url === "/bad" ? 500 : 200).end(JSON.stringify(request.headers));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("a scoring call carries the key and, when asked, goes to one deployment", async () => {
  const headers = JSON.parse((await score(`${url}/`, { token: "k", body: "{}", deployment: "green" })).body) as Record<string, string>;
  expect(headers).toMatchObject({ authorization: "Bearer k", "azureml-model-deployment": "green", "content-type": "application/json" });
});

test("refusals, timeouts and dead hosts are results, not exceptions; none is tried twice", async () => {
  expect(await score(`${url}/bad`, { token: "k", body: "{}" })).toMatchObject({ status: 500 });
  expect(await score(`${url}/slow`, { token: "k", body: "{}" }, { timeoutMs: 50 })).toMatchObject({
    status: 0,
    body: "no answer within 50 ms",
  });
  expect((await score("http://127.0.0.1:1/", { token: "k", body: "{}" })).status).toBe(0);
});

test("an aborted call is aborted", async () => {
  await expect(score(`${url}/slow`, { token: "k", body: "{}" }, { signal: AbortSignal.timeout(20) })).rejects.toThrow(/abort|timeout/i);
});
