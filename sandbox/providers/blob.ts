// storage:Blob, which azure-native writes over the storage account's data plane (Put Blob, Blob service REST version 2021-12-02).
import { readFile } from "node:fs/promises";
import type { ResourceManager } from "./http/arm.ts";
import { exchange } from "./http/exchange.ts";
import type { Reply } from "./http/exchange.ts";
import type { Cloud } from "./http/cloud.ts";
import { Asset, isObject, text } from "./rpc/values.ts";
import type { Properties } from "./rpc/values.ts";

interface Call {
  readonly id: string;
  readonly inputs: Properties;
  readonly arm: ResourceManager;
  readonly cloud: Cloud;
  readonly signal: AbortSignal;
}

const STORAGE_API = "2024-01-01";
const STORAGE_AUDIENCE = "https://storage.azure.com";

/** Refuses to overwrite what is there already. */
export async function create(call: Call): Promise<Properties> {
  if (await read(call)) throw new Error(`cannot create already existing resource '${call.id}'`);
  return write(call);
}

/** Puts the blob whole. */
export async function write(call: Call): Promise<Properties> {
  const { inputs } = call;
  if (inputs["type"] !== undefined && inputs["type"] !== "Block") {
    throw new Error(`NotModeledInSandbox: a blob of type ${text(inputs["type"])} is not modeled in the sandbox; block blobs are`);
  }
  const headers: Record<string, string> = {
    "x-ms-blob-type": "BlockBlob",
    "x-ms-blob-content-type": text(inputs["contentType"] ?? "application/octet-stream"),
  };
  if (inputs["accessTier"] !== undefined) headers["x-ms-access-tier"] = text(inputs["accessTier"]);
  if (inputs["contentMd5"] !== undefined) headers["x-ms-blob-content-md5"] = text(inputs["contentMd5"]);
  if (isObject(inputs["metadata"]))
    for (const [key, value] of Object.entries(inputs["metadata"])) headers[`x-ms-meta-${key}`] = text(value);
  const response = await send(call, "PUT", headers, await content(inputs["source"]));
  if (response.status >= 400) throw failure(response, call.id);
  return (await read(call)) ?? {};
}

/** Undefined when there is no such blob. */
export async function read(call: Call): Promise<Properties | undefined> {
  const response = await send(call, "HEAD", {});
  if (response.status === 404) return undefined;
  if (response.status >= 400) throw failure(response, call.id);
  const { headers } = response;
  const metadata = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith("x-ms-meta-") ? [[name.slice(10), value] as const] : [],
  );
  return {
    name: text(call.inputs["blobName"]),
    url: await blobUrl(call),
    type: "Block",
    contentType: headers["content-type"],
    contentMd5: headers["content-md5"],
    accessTier: headers["x-ms-access-tier"],
    metadata: Object.fromEntries(metadata),
  };
}

export async function remove(call: Call): Promise<void> {
  const response = await send(call, "DELETE", {});
  if (response.status >= 400 && response.status !== 404) throw failure(response, call.id);
}

async function send(call: Call, method: string, headers: Record<string, string>, body?: Uint8Array): Promise<Reply> {
  const token = await call.cloud.token(STORAGE_AUDIENCE);
  const url = new URL(await blobUrl(call));
  return exchange({
    method,
    url,
    signal: call.signal,
    ...(body && { body }),
    headers: { authorization: `Bearer ${token}`, "x-ms-version": "2021-12-02", "x-ms-date": new Date().toUTCString(), ...headers },
  });
}

async function blobUrl({ id, inputs, arm, signal }: Call): Promise<string> {
  const account = await arm.get(id.slice(0, id.indexOf("/blobServices/")), { apiVersion: STORAGE_API, signal });
  const endpoints = (account?.["properties"] as { primaryEndpoints?: { blob?: string } } | undefined)?.primaryEndpoints;
  if (!endpoints?.blob) throw new Error(`storage account '${text(inputs["accountName"])}' has no blob endpoint`);
  const name = text(inputs["blobName"]).split("/").map(encodeURIComponent).join("/");
  return `${endpoints.blob.replace(/\/+$/, "")}/${text(inputs["containerName"])}/${name}`;
}

async function content(source: unknown): Promise<Uint8Array> {
  if (source === undefined) return new Uint8Array();
  if (!(source instanceof Asset)) throw new Error("'source' must be a file (pulumi.asset.FileAsset, StringAsset)");
  if (source.text !== undefined) return new TextEncoder().encode(source.text);
  if (source.path !== undefined) return new Uint8Array(await readFile(source.path));
  throw new Error("'source' from a URL is not modeled in the sandbox; give a file or text");
}

function failure(reply: Reply, id: string): Error {
  const code = reply.headers["x-ms-error-code"] ?? reply.text.slice(0, 200);
  return new Error(`Status=${reply.status} Code="${code}" on blob '${id}' RequestId=${reply.headers["x-ms-request-id"] ?? ""}`);
}
