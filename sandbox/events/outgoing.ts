// HTTPS from the sandbox to programs of this machine: webhooks of Event Grid, actions of workflows. Nothing goes further.
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { getCACertificates } from "node:tls";
import type { SandboxContext } from "../core.ts";

export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const answerLimit = 1024 * 1024;

/** Is the address one of this machine? What is elsewhere the sandbox does not call. */
export function onThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false;
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}

/** The address without what may be a secret in it: `https://host/path`. */
export function bare(url: string): string {
  if (!URL.canParse(url)) return "(not a URL)";
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/**
 * One request; certificates of the sandbox's own authority are taken besides those that Node takes.
 * @throws Error when no whole answer came in time
 */
export async function send(
  sandbox: Pick<SandboxContext, "caFile">,
  { method, url, headers = {}, body }: { method: string; url: string; headers?: Readonly<Record<string, string>>; body?: string },
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<OutgoingAnswer> {
  const ca = [readFileSync(sandbox.caFile, "utf8"), ...getCACertificates("default")];
  const given = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const limit = AbortSignal.timeout(timeoutMs);
  return await new Promise((resolve, reject) => {
    const call = request(
      url,
      { method, headers: { ...headers, ...given }, ca, signal: signal ? AbortSignal.any([signal, limit]) : limit },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size <= answerLimit) chunks.push(chunk);
          else answer.destroy(new Error(`the answer is larger than ${answerLimit} bytes`));
        });
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    call.on("error", (error) => reject(limit.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error));
    call.end(body);
  });
}
