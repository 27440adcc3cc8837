// Azurite's parts that the blob service is put together from. Azurite ships no types; these are what is used of it.
import { createRequire } from "node:module";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface LokiCollection {
  readonly name: string;
  readonly data: LokiDocument[];
  maxId: number;
  on(event: "insert" | "update" | "delete", listener: (document: LokiDocument | LokiDocument[]) => void): void;
  find(query: object): LokiDocument[];
  ensureAllIndexes(force: boolean): void;
}

export interface LokiDocument {
  readonly $loki: number;
  readonly [key: string]: unknown;
}

export interface LokiDatabase {
  addCollection(name: string, options: object): LokiCollection;
  getCollection(name: string): LokiCollection | null;
  serialize(): string;
  loadJSONObject(json: object): void;
}

interface MetadataStore {
  db: LokiDatabase;
  init(): Promise<void>;
  close(): Promise<void>;
}

interface Part {
  init(): Promise<void>;
  close(): Promise<void>;
}

export interface AccountDataStore extends Part {
  getAccount(name: string): { name: string; key1: Buffer; key2?: Buffer } | undefined;
  isInitialized(): boolean;
  isClosed(): boolean;
  clean(): Promise<void>;
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

const require = createRequire(import.meta.url);
const load = (path: string): any => require(`azurite/dist/src/${path}`); // eslint-disable-line @typescript-eslint/no-explicit-any

export interface Parts {
  readonly blobs: MetadataStore;
  readonly extents: MetadataStore;
  readonly files: Part;
  readonly garbage: { start(): Promise<void>; close(): Promise<void> };
  readonly listener: Listener;
}

/** Where Azurite's refusals are not Azure's: a wrong signature is 403 AuthenticationFailed, whichever scheme is tried last. */
function likeAzure(): void {
  const Token = load("blob/authentication/BlobTokenAuthenticator.js").default;
  const validate = Token.prototype.validate;
  Token.prototype.validate = async function (request: { getHeader(name: string): string | undefined }, context: unknown) {
    return /^bearer /i.test(request.getHeader("authorization") ?? "") ? await validate.call(this, request, context) : undefined;
  };
  const StorageError = load("blob/errors/StorageError.js").default;
  load("blob/errors/StorageErrorFactory.js").default.getAuthorizationFailure = (id: string): Error =>
    new StorageError(
      403,
      "AuthenticationFailed",
      "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.",
      id,
    );
}

/**
 * From 2026-04-06 a user delegation signature is over two lines more, the headers and query parameters that a request must have. Who
 * binds a signature to such is not understood and refused (the signature does not match).
 */
function knowNewSignatures(): void {
  const module = load("blob/authentication/IBlobSASSignatureValues.js");
  const { computeHMACSHA256 } = load("common/utils/utils.js");
  const before = module.generateBlobSASSignatureWithUDK;
  module.generateBlobSASSignatureWithUDK = (values: { version: string }, resource: string, account: string, key: Buffer) => {
    const [signature, text] = before(values, resource, account, key) as [string, string];
    if (values.version < "2026-04-06") return [signature, text];
    // They stand before the five headers of the answer.
    const lines = text.split("\n").toSpliced(-5, 0, "", "").join("\n");
    return [computeHMACSHA256(lines, key), lines];
  };
}

/** A copy's source in the form that clients drop the account of (see front.ts) still has it, as the address's user. */
function findSources(): void {
  const { prototype } = load("blob/handlers/BlobHandler.js").default;
  const read = prototype.NewUriFromCopySource;
  prototype.NewUriFromCopySource = function (source: string, context: unknown): URL {
    const url: URL = read.call(this, source, context);
    const account = /^([a-z0-9]{3,24})\.blob\./.exec(url.username)?.[1];
    if (account) {
      url.username = "";
      url.pathname = `/${account}${url.pathname}`;
    }
    return url;
  };
}

/** Blob metadata and extent metadata live in Loki (memory) until `remember` (loki.ts) gives them a file; bytes in `dir/extents`. */
export function azuriteParts(dir: string, accounts: AccountDataStore, delegationSecret: string): Parts {
  const logger = load("common/Logger.js").default;
  // Otherwise user delegation keys would be signed with a constant that anyone can read.
  load("blob/utils/constants.js").USERDELEGATIONKEY_BASIC_KEY = delegationSecret;
  likeAzure();
  findSources();
  knowNewSignatures();
  const blobs = new (load("blob/persistence/LokiBlobMetadataStore.js").default)(`${dir}/unused-blobs`, true);
  const extents = new (load("common/persistence/LokiExtentMetadataStore.js").default)(`${dir}/unused-extents`, true);
  const files = new (load("common/persistence/FSExtentStore.js").default)(
    extents,
    [{ locationId: "Default", locationPath: `${dir}/extents`, maxConcurrency: 10 }],
    logger,
  );
  const Factory = load("blob/BlobRequestListenerFactory.js").default;
  const basicOAuth = load("common/models.js").OAuthLevel.BASIC;
  const listener = new Factory(blobs, files, accounts, false, undefined, true, true, basicOAuth, false).createRequestListener();
  const Garbage = load("blob/gc/BlobGCManager.js").default;
  const garbage = new Garbage(blobs, extents, files, (error: Error) => process.stderr.write(`blob clean-up: ${error.message}\n`), logger);
  return { blobs, extents, files, garbage, listener };
}
