// Log files of a run: on disk while it runs and after, readable at a signed address that stays the same as the file grows.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import type { Context } from "hono";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { secretSetting } from "../state/database.ts";
import type { Run } from "./run.ts";

type Address = Pick<Run, "workspace" | "id">;

/** Folder of everything that a run keeps on this machine: `.sandbox/jobs/{workspace}/{run}`. */
export function runFolder(sandbox: { readonly dir: string }, run: Address): string {
  const workspace = `${run.workspace.split("/").at(-1)}-${createHash("sha256").update(run.workspace).digest("hex").slice(0, 8)}`;
  return join(sandbox.dir, "jobs", workspace, run.id.replace(/[^\w.-]/g, "_"));
}

/** Folder of its log files. */
export const logFolder = (sandbox: { readonly dir: string }, run: Address): string => join(runFolder(sandbox, run), "logs");

/** Names with `/`, as run history has them: `user_logs/std_log.txt`. */
export function logNames(sandbox: { readonly dir: string }, run: Address): string[] {
  const folder = logFolder(sandbox, run);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split("\\").join("/"))
    .toSorted();
}

/** Address of each log file; no token is needed to read it, as with Azure's SAS addresses. */
export function logUrls(sandbox: SandboxContext, run: Address, workspaceId: string): Record<string, string> {
  return Object.fromEntries(
    logNames(sandbox, run).map((name) => [
      name,
      `${sandbox.urls.base}/history/v1.0${workspaceId}/runs/${run.id}/logs/${name}?sig=${signature(sandbox, run, name)}`,
    ]),
  );
}

/** Signature of one thing of a run, for addresses that are read without a token. */
export function signature(sandbox: SandboxContext, run: Address, name: string): string {
  return createHmac("sha256", secretSetting(sandbox.db, "runs.logSecret"))
    .update(`${run.workspace}\n${run.id}\n${name}`)
    .digest("base64url");
}

/** True when the request's `sig` is the signature of that thing. */
export function isSigned(c: Context, sandbox: SandboxContext, run: Address, name: string): boolean {
  const given = Buffer.from(c.req.query("sig") ?? "");
  const right = Buffer.from(signature(sandbox, run, name));
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Answers a log file, or the part of it that a Range asks for. 403 for a wrong signature, 416 for a range past its end. */
export function answerLog(c: Context, sandbox: SandboxContext, run: Address, name: string): Response {
  if (!isSigned(c, sandbox, run, name))
    throw new ArmError(
      403,
      "AuthenticationFailed",
      "The address of this log file is not signed by this sandbox; get a new one from the run's details.",
    );
  if (!logNames(sandbox, run).includes(name)) throw new ArmError(404, "ResourceNotFound", `Run '${run.id}' has no log file '${name}'.`);
  const file = join(logFolder(sandbox, run), name);
  const size = statSync(file).size;
  const headers: Record<string, string> = {
    "content-type": "text/plain; charset=utf-8",
    "accept-ranges": "bytes",
    "cache-control": "no-store",
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(c.req.header("range") ?? c.req.header("x-ms-range") ?? "");
  if (!range) return new Response(body(file, 0, size - 1), { headers: { ...headers, "content-length": String(size) } });
  const from = Number(range[1]);
  const to = Math.min(range[2] ? Number(range[2]) : size - 1, size - 1);
  if (from >= size) return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${size}` } });
  return new Response(body(file, from, to), {
    status: 206,
    headers: { ...headers, "content-length": String(to - from + 1), "content-range": `bytes ${from}-${to}/${size}` },
  });
}

function body(file: string, from: number, to: number): ReadableStream | null {
  if (to < from) return null;
  return Readable.toWeb(createReadStream(file, { start: from, end: to })) as ReadableStream;
}
