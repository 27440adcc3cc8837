// Small documents in a blob container, safe against two writers: conditions on every write, leases for longer work.
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerClient } from "@azure/storage-blob";
import { openContainer } from "./blobs.ts";
import type { Azure } from "./client.ts";

export interface Document {
  readonly text: string;
  readonly etag: string;
}

/** Somebody else wrote the document since it was read, or it is there already. */
export class DocumentChanged extends Error {}

export interface Documents {
  /** Undefined when there is no such document. */
  read(path: string): Promise<Document | undefined>;
  /** Writes on condition: the document is still what was read (its etag), or does not exist yet ("new"). @throws DocumentChanged */
  write(path: string, text: string, condition: { readonly etag: string } | "new"): Promise<void>;
  /** Paths that begin so, in order. */
  list(prefix: string): Promise<string[]>;
  /**
   * Takes the lease of a document, made if missing; undefined while somebody else has it. It has to be renewed within `seconds` (15 to 60).
   * `note` makes the document's text, which tells others whose the lease is.
   */
  lease(path: string, seconds: number, note: (leaseId: string) => string): Promise<Lease | undefined>;
  /** Ends the lease of this id; nothing happens when it has ended, or another one holds. */
  endLease(path: string, leaseId: string): Promise<void>;
}

export interface Lease {
  /** @throws Error when the lease is lost */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/** The storage refused or did not answer, after the client's own retries. */
export class StorageError extends Error {
  readonly expected = true;
  readonly fix = "Nothing more was changed. Run the command again when the storage answers.";
  readonly statusCode: number | undefined;
  readonly code: string | undefined;

  constructor(where: string, error: unknown) {
    const { statusCode, code, details } = failure(error);
    const name = code ?? details?.errorCode;
    const message = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    super(`storage ${where}: ${[statusCode, name].filter(Boolean).join(" ")}: ${message}`, { cause: error });
    this.statusCode = statusCode;
    this.code = name;
  }
}

/** How long a role that was just granted may take to hold. */
const rolesSettleMs = 5 * 60_000;

/** The container of an account, by the caller's own sign-in. The caller needs Storage Blob Data Contributor (or Reader) there. */
export async function openDocuments(azure: Azure, account: string, container: string): Promise<Documents> {
  const place = await openContainer(azure, `https://${account}.blob.${azure.cloud.storageSuffix}/${container}`);
  return new Store(place.container, `${account}/${container}`);
}

interface StorageFailure {
  readonly statusCode?: number;
  readonly code?: string;
  readonly details?: { readonly errorCode?: string };
}

const failure = (error: unknown): StorageFailure => (typeof error === "object" && error !== null ? error : {});

class Store implements Documents {
  readonly #container: ContainerClient;
  readonly #where: string;

  constructor(container: ContainerClient, where: string) {
    this.#container = container;
    this.#where = where;
  }

  async read(path: string): Promise<Document | undefined> {
    try {
      const answer = await this.#settled(() => this.#container.getBlobClient(path).download());
      const chunks: Buffer[] = [];
      for await (const chunk of answer.readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
      return { text: Buffer.concat(chunks).toString("utf8"), etag: answer.etag ?? "" };
    } catch (error) {
      if (failure(error).statusCode === 404 && failure(error).code !== "ContainerNotFound") return undefined;
      throw error;
    }
  }

  async write(path: string, text: string, condition: { readonly etag: string } | "new"): Promise<void> {
    const conditions = condition === "new" ? { ifNoneMatch: "*" } : { ifMatch: condition.etag };
    try {
      await this.#settled(() =>
        this.#container.getBlockBlobClient(path).upload(text, Buffer.byteLength(text), {
          conditions,
          blobHTTPHeaders: { blobContentType: "application/json" },
        }),
      );
    } catch (error) {
      if (![409, 412].includes(failure(error).statusCode ?? 0)) throw error;
      // The answer to a write that did arrive may have been lost, and the retry then meets its own work.
      if ((await this.read(path))?.text === text) return;
      throw new DocumentChanged(`${this.#where}/${path} was written by somebody else meanwhile`, { cause: error });
    }
  }

  async list(prefix: string): Promise<string[]> {
    return this.#settled(async () => {
      const paths: string[] = [];
      for await (const blob of this.#container.listBlobsFlat({ prefix })) paths.push(blob.name);
      return paths.toSorted();
    });
  }

  async lease(path: string, seconds: number, note: (leaseId: string) => string): Promise<Lease | undefined> {
    const blob = this.#container.getBlockBlobClient(path);
    try {
      await this.#settled(() => blob.upload("", 0, { conditions: { ifNoneMatch: "*" } }));
    } catch (error) {
      if (![409, 412].includes(failure(error).statusCode ?? 0)) throw error;
    }
    const lease = blob.getBlobLeaseClient();
    try {
      await this.#settled(() => lease.acquireLease(seconds));
    } catch (error) {
      if (failure(error).statusCode === 409) return undefined;
      throw error;
    }
    const { leaseId } = lease;
    const text = note(leaseId);
    try {
      await this.#settled(() => blob.upload(text, Buffer.byteLength(text), { conditions: { leaseId } }));
    } catch (error) {
      await this.endLease(path, leaseId).catch(() => undefined);
      throw error;
    }
    return { renew: async () => void (await lease.renewLease()), release: () => this.endLease(path, leaseId) };
  }

  async endLease(path: string, leaseId: string): Promise<void> {
    try {
      await this.#settled(() => this.#container.getBlobClient(path).getBlobLeaseClient(leaseId).releaseLease());
    } catch (error) {
      // One that ran out, or went to somebody else, needs no end.
      if (![404, 409].includes(failure(error).statusCode ?? 0)) throw error;
    }
  }

  /** Role assignments take minutes to hold: a refusal for want of one is tried again. @throws StorageError */
  async #settled<T>(work: () => Promise<T>): Promise<T> {
    const until = Date.now() + rolesSettleMs;
    for (let pause = 2_000; ; pause = Math.min(pause * 1.5, 20_000)) {
      try {
        return await work();
      } catch (error) {
        const { code, details } = failure(error);
        if ((code ?? details?.errorCode) !== "AuthorizationPermissionMismatch" || Date.now() > until)
          throw new StorageError(this.#where, error);
        await sleep(pause);
      }
    }
  }
}
