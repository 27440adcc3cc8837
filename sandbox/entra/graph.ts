// Microsoft Graph v1.0 in small: applications with secrets and federated credentials, service principals, owners.
import { randomBytes, randomUUID } from "node:crypto";
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { isObject } from "../arm/body.ts";
import { readJson } from "../server/bodies.ts";
import type { Directory } from "./directory.ts";
import { Objects } from "./objects.ts";

type Json = Record<string, unknown>;

const prefix = "/graph/v1.0";
const limit = 256 * 1024;

/** Collection → properties that Graph fills in. Others are refused by name. */
const kinds: Readonly<Record<string, { needs: string; fill: (body: Json, graph: Objects) => Json }>> = {
  applications: {
    needs: "displayName",
    fill: (body) => ({
      appId: randomUUID(),
      signInAudience: "AzureADMyOrg",
      identifierUris: [],
      tags: [],
      passwordCredentials: [],
      keyCredentials: [],
      publisherDomain: "sandbox.local",
      ...body,
    }),
  },
  servicePrincipals: {
    needs: "appId",
    fill(body, graph) {
      const app = graph.find("applications", "appId", String(body["appId"]))[0];
      if (!app)
        throw bad(
          "NoBackingApplicationObject",
          `The appId '${String(body["appId"])}' of the service principal does not reference a valid application object.`,
        );
      if (graph.find("servicePrincipals", "appId", String(body["appId"])).length) {
        throw new ArmError(
          409,
          "Request_MultipleObjectsWithSameKeyValue",
          `The service principal cannot be created because the service principal name ${String(body["appId"])} is already in use.`,
        );
      }
      return {
        displayName: app["displayName"],
        appDisplayName: app["displayName"],
        accountEnabled: true,
        servicePrincipalType: "Application",
        servicePrincipalNames: [body["appId"]],
        signInAudience: app["signInAudience"],
        tags: [],
        ...body,
      };
    },
  },
};
const credentialNeeds = ["name", "issuer", "subject", "audiences"];

export function mountGraph(app: Hono, sandbox: SandboxContext, directory: Directory): void {
  const graph = new Objects(sandbox.db);
  if (!graph.get("applications", directory.owner.clientId)) {
    const common = { appId: directory.owner.clientId, displayName: "mlops-sandbox-owner" };
    graph.put("applications", directory.owner.clientId, { id: directory.owner.clientId, passwordCredentials: [], ...common });
    graph.put("servicePrincipals", directory.owner.objectId, {
      id: directory.owner.objectId,
      servicePrincipalType: "Application",
      ...common,
    });
  }
  app.all(`${prefix}/*`, async (c) => {
    await sandbox.authenticate(c.req.header("authorization"), "graph");
    const parts = c.req.path
      .slice(prefix.length + 1)
      .split("/")
      .map(decodeURIComponent);
    return await answer(c, parts, graph, directory);
  });
}

async function answer(c: Context, parts: string[], graph: Objects, directory: Directory): Promise<Response> {
  const [collection = "", id, below, last, ref] = parts;
  if (!kinds[collection])
    throw new ArmError(
      501,
      "NotModeledInSandbox",
      `The sandbox's Microsoft Graph has ${Object.keys(kinds).join(" and ")}, not '${collection}'.`,
    );
  const method = c.req.method;
  const body = method === "POST" || method === "PATCH" ? ((await readJson(c, limit)) ?? {}) : {};
  if (!isObject(body)) throw bad("Request_BadRequest", "The body must be a JSON object.");
  if (id === undefined)
    return method === "POST"
      ? c.json(create(collection, body, graph, directory), 201)
      : c.json({ value: filtered(graph.all(collection), c.req.query("$filter")) });

  const object = byKey(collection, id, graph);
  const path = `${collection}/${String(object["id"])}/${below}`;
  if (below === undefined) {
    if (method === "GET") return c.json(object);
    if (method === "PATCH") {
      graph.put(collection, String(object["id"]), { ...object, ...body });
      return c.body(null, 204);
    }
    if (method === "DELETE") {
      remove(collection, object, graph, directory);
      return c.body(null, 204);
    }
  }
  if (collection === "applications" && below === "addPassword" && method === "POST")
    return c.json(addPassword(object, body, graph, directory));
  if (collection === "applications" && below === "removePassword" && method === "POST") {
    directory.removeSecret(String(body["keyId"]));
    const kept = (object["passwordCredentials"] as Json[]).filter((one) => one["keyId"] !== body["keyId"]);
    graph.put(collection, String(object["id"]), { ...object, passwordCredentials: kept });
    return c.body(null, 204);
  }
  if (collection === "applications" && below === "federatedIdentityCredentials") return federated(c, path, last, body, graph);
  if (below === "owners") return owners(c, path, last, ref, body, graph);
  throw new ArmError(501, "NotModeledInSandbox", `The sandbox's Microsoft Graph does not model ${method} ${collection}/{id}/${below}.`);
}

function create(collection: string, body: Json, graph: Objects, directory: Directory): Json {
  const kind = kinds[collection]!;
  if (typeof body[kind.needs] !== "string" || body[kind.needs] === "")
    throw bad("Request_BadRequest", `A value is required for property '${kind.needs}' of a new ${collection.slice(0, -1)}.`);
  const owned = body["owners@odata.bind"];
  const { "owners@odata.bind": _, ...given } = body;
  const object: Json = { id: randomUUID(), createdDateTime: new Date().toISOString(), ...kind.fill(given, graph) };
  graph.put(collection, String(object["id"]), object);
  if (collection === "servicePrincipals") directory.addPrincipal(String(object["appId"]), String(object["id"]));
  for (const owner of Array.isArray(owned) ? owned : []) addOwner(`${collection}/${String(object["id"])}/owners`, String(owner), graph);
  return object;
}

function byKey(collection: string, id: string, graph: Objects): Json {
  // `applications(appId='…')` is an address too.
  const alternate = /^\(appId='([^']+)'\)$/.exec(id)?.[1];
  const found = alternate ? graph.find(collection, "appId", alternate)[0] : graph.get(collection, id);
  if (found) return found;
  throw new ArmError(
    404,
    "Request_ResourceNotFound",
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

function remove(collection: string, object: Json, graph: Objects, directory: Directory): void {
  const id = String(object["id"]);
  if (collection === "applications") {
    for (const one of object["passwordCredentials"] as Json[]) directory.removeSecret(String(one["keyId"]));
    for (const principal of graph.find("servicePrincipals", "appId", String(object["appId"])))
      remove("servicePrincipals", principal, graph, directory);
  } else directory.removePrincipal(id);
  graph.deleteBelow(`${collection}/${id}/`);
  graph.delete(collection, id);
}

function addPassword(object: Json, body: Json, graph: Objects, directory: Directory): Json {
  const asked = (body["passwordCredential"] ?? {}) as Json;
  const secretText = `sb~${randomBytes(27).toString("base64url")}`;
  const credential = {
    keyId: randomUUID(),
    displayName: asked["displayName"] ?? null,
    startDateTime: new Date().toISOString(),
    endDateTime: asked["endDateTime"] ?? new Date(Date.now() + 2 * 365 * 86_400_000).toISOString(),
    hint: secretText.slice(0, 3),
  };
  directory.addSecret(String(object["appId"]), credential.keyId, secretText);
  graph.put("applications", String(object["id"]), {
    ...object,
    passwordCredentials: [...(object["passwordCredentials"] as Json[]), credential],
  });
  return { ...credential, secretText };
}

function federated(c: Context, path: string, id: string | undefined, body: Json, graph: Objects): Response {
  if (id === undefined) {
    if (c.req.method === "GET") return c.json({ value: graph.all(path) });
    const missing = credentialNeeds.filter((name) => body[name] === undefined);
    if (missing.length) throw bad("Request_BadRequest", `A federated identity credential needs ${missing.join(", ")}.`);
    if (graph.find(path, "name", String(body["name"])).length)
      throw new ArmError(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        `FederatedIdentityCredential with name ${String(body["name"])} already exists.`,
      );
    const object = { id: randomUUID(), ...body };
    graph.put(path, object.id, object);
    return c.json(object, 201);
  }
  const found = graph.get(path, id);
  if (!found) throw new ArmError(404, "Request_ResourceNotFound", `Resource '${id}' does not exist.`);
  if (c.req.method === "GET") return c.json(found);
  if (c.req.method === "DELETE") graph.delete(path, id);
  else graph.put(path, id, { ...found, ...body });
  return c.body(null, 204);
}

function owners(c: Context, path: string, last: string | undefined, ref: string | undefined, body: Json, graph: Objects): Response {
  if (c.req.method === "GET") return c.json({ value: graph.all(path) });
  if (c.req.method === "POST" && last === "$ref") addOwner(path, String(body["@odata.id"]), graph);
  else if (c.req.method === "DELETE" && last && ref === "$ref") graph.delete(path, last);
  return c.body(null, 204);
}

function addOwner(path: string, reference: string, graph: Objects): void {
  const id = reference.split("/").at(-1)!;
  graph.put(path, id, { "@odata.type": "#microsoft.graph.directoryObject", id });
}

/** `property eq 'value'`, joined by `and`. */
function filtered(all: Json[], filter: string | undefined): Json[] {
  if (!filter) return all;
  const terms = filter.split(/ and /i).map((term): [string, string] => {
    const plain = /^\s*(\w+) eq '((?:[^']|'')*)'\s*$/.exec(term);
    // How `az ad sp show` looks: an application's own names are its id, as long as it has no others.
    const named = /^\s*(servicePrincipalNames)\/any\((\w+):\s*\2 eq '((?:[^']|'')*)'\)\s*$/.exec(term);
    const found = plain ?? (named && ["", "appId", named[3]!]);
    if (!found)
      throw bad(
        "Request_UnsupportedQuery",
        `The sandbox's Microsoft Graph understands filters of the form property eq 'value', not '${filter}'.`,
      );
    return [found[1], found[2].replaceAll("''", "'")];
  });
  return all.filter((one) => terms.every(([property, value]) => one[property] === value));
}

const bad = (code: string, message: string): ArmError => new ArmError(400, code, message);
