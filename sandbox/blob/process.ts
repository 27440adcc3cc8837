// The blob service's process: Azurite behind a TLS front. Its parent starts it with an IPC channel and says what it needs;
// it ends when the channel closes, however the parent ended.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createLocalJWKSet, jwtVerify } from "jose";
import type { JSONWebKeySet } from "jose";
import { KeptFaults } from "../faults/plan.ts";
import { withFaults } from "../faults/play.ts";
import { listenOn } from "../server/listen.ts";
import { grantsIn } from "../rbac/grants.ts";
import { accountsIn, delegationSecret } from "./accounts.ts";
import { azuriteParts } from "./azurite.ts";
import type { AccountDataStore, Listener } from "./azurite.ts";
import { admit, errorDocument } from "./front.ts";
import type { Bearer, Refusal } from "./front.ts";
import { openJournal, remember } from "./loki.ts";
import type { Journal } from "./loki.ts";

/** First message from the parent. */
export interface BlobProcessOptions {
  readonly stateFile: string;
  readonly dir: string;
  readonly port: number;
  readonly tls: { cert: string; key: string };
  readonly jwks: JSONWebKeySet;
  readonly issuer: string;
}

/** What the parent may ask later; the answer is `{counts}`. */
export interface AboutFaults {
  readonly faults: "reload" | "count";
}

process.once("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined);
process.once("message", (options: BlobProcessOptions) => {
  serve(options).then(
    (port) => process.send!({ ready: true, port }),
    (error: Error) => {
      process.send!({ error: error.message });
      process.exit(1);
    },
  );
});

async function serve(options: BlobProcessOptions): Promise<number> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  // A copy from a URL makes Azurite ask the source, which is this service itself, under the sandbox's own authority.
  const ca = join(options.dir, "..", "ca.pem");
  if (existsSync(ca)) setDefaultCACertificates([...getCACertificates("default"), readFileSync(ca, "utf8")]);
  const state = new DatabaseSync(options.stateFile);
  state.exec("PRAGMA busy_timeout = 5000");
  const accounts = accountsIn(state);
  const grants = grantsIn(state);
  const db = new DatabaseSync(join(options.dir, "metadata.db"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000");
  const journal = openJournal(db);
  const parts = azuriteParts(options.dir, accountStore(accounts), delegationSecret(state));
  remember(db, parts.blobs.db, "blobs", journal);
  remember(db, parts.extents.db, "extents", journal);
  await parts.blobs.init();
  await parts.extents.init();
  await parts.files.init();
  await parts.garbage.start();
  journal.flush();

  const keys = createLocalJWKSet(options.jwks);
  const verified = new Map<string, { readonly expires: number; readonly bearer: Bearer }>();
  const verify = async (token: string): Promise<Bearer | undefined> => {
    const known = verified.get(token);
    if (known && known.expires > Date.now()) return known.bearer;
    try {
      const { payload } = await jwtVerify(token, keys, { issuer: options.issuer, algorithms: ["RS256"], requiredClaims: ["exp", "oid"] });
      if (!/^https:\/\/storage\.azure\.com\/?$|^https:\/\/[a-z0-9]+\.blob\.core\./.test(String(payload.aud))) return undefined;
      if (verified.size > 1000) verified.clear();
      const bearer = { principal: String(payload["oid"]), inNetwork: payload["in_network"] === true };
      verified.set(token, { expires: payload.exp! * 1000, bearer });
      return bearer;
    } catch {
      return undefined;
    }
  };
  const containers = parts.blobs.db.getCollection("$CONTAINERS_COLLECTION$")!;
  const owners = (name: string): string[] => containers.find({ name }).map((document) => String(document["accountName"]));
  const tenantId = /([0-9a-f-]{36})\/$/.exec(options.issuer)?.[1] ?? "common";

  const outside = (request: IncomingMessage, response: ServerResponse): void => {
    admit(request, { accounts, owners, verify, grants, tenantId }).then(
      (refusal) => (refusal ? refuse(response, refusal) : answer(parts.listener, journal, request, response)),
      () => refuse(response, { status: 500, code: "InternalError", message: "The sandbox's blob service failed." }),
    );
  };
  const faults = new KeptFaults(join(options.dir, ".."));
  process.on("message", (message: Partial<AboutFaults>) => {
    if (message.faults === "reload") faults.reload();
    if (message.faults) process.send!({ counts: faults.counts() });
  });
  const front = createTlsServer(
    { ...options.tls, keepAlive: true },
    withFaults(faults, ({ method, url }) => ({ service: "blob", method: method ?? "GET", path: (url ?? "/").split("?")[0]! }), outside),
  );
  const inner = createServer((request, response) => answer(parts.listener, journal, request, response));
  for (const server of [front, inner]) {
    server.keepAliveTimeout = 65_000;
    server.requestTimeout = 0;
    server.on("clientError", (_error, socket) => socket.destroy());
  }
  front.on("tlsClientError", () => undefined);
  await listenOn(front, options.port);
  await listenOn(inner, 0);
  return (inner.address() as AddressInfo).port;
}

/** Nothing is acknowledged before it is in the file; what Azurite does not have is refused as the sandbox refuses. */
function answer(listener: Listener, journal: Journal, request: IncomingMessage, response: ServerResponse): void {
  refuseUnmodelled(request, response);
  // Every answer goes through writeHead, the implicit ones too.
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    journal.flush();
    return writeHead(...args);
  };
  listener(request, response);
}

function refuseUnmodelled(request: IncomingMessage, response: ServerResponse): void {
  const own = { write: response.write.bind(response), end: response.end.bind(response) };
  response.write = ((...args: Parameters<typeof own.write>) =>
    response.statusCode === 501 || own.write(...args)) as ServerResponse["write"];
  response.end = ((...args: Parameters<typeof own.end>) => {
    Object.assign(response, own);
    if (response.statusCode !== 501) return own.end(...args);
    const query = new URLSearchParams((request.url ?? "").split("?")[1] ?? "");
    const what = ["restype", "comp"].filter((key) => query.has(key)).map((key) => ` ${key}=${query.get(key)}`);
    const copied = request.headers["x-ms-copy-source"] === undefined ? "" : " from a URL";
    const message = `The sandbox does not model this call of Blob storage: ${request.method}${what.join("")}${copied}.`;
    response.statusMessage = message;
    refuse(response, { status: 501, code: "NotModeledInSandbox", message });
    return response;
  }) as ServerResponse["end"];
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  const body = errorDocument(refusal);
  response.writeHead(refusal.status, {
    "content-type": "application/xml",
    "content-length": Buffer.byteLength(body),
    "x-ms-error-code": refusal.code,
    "x-ms-request-id": randomUUID(),
    ...refusal.headers,
    connection: "close",
  });
  response.end(body);
}

function accountStore(accounts: ReturnType<typeof accountsIn>): AccountDataStore {
  return {
    getAccount(name) {
      const account = accounts.find(name);
      return account && { name: account.name, key1: Buffer.from(account.keys[0], "base64"), key2: Buffer.from(account.keys[1], "base64") };
    },
    init: async () => undefined,
    close: async () => undefined,
    clean: async () => undefined,
    isInitialized: () => true,
    isClosed: () => false,
  };
}
