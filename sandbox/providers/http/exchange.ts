// One HTTP exchange with the sandbox over kept connections. Node's own client: loading fetch costs a preview some 30 ms.
import { setTimeout as sleep } from "node:timers/promises";

// Not by `import`: that asks a built-in module for all its exports, and one of node:http's loads the whole of fetch.
const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  /** Lower-case names; several values joined by comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const plainAgent = new http.Agent({ keepAlive: true });
const secureAgent = new https.Agent({ keepAlive: true });

/** Answers worth another try (azcore's list). */
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);
const RETRIES = 5;

/**
 * Sends and reads whole. Repeats while the connection itself fails (the sandbox is just starting again) or the answer is worth another try,
 * for about six seconds or as `Retry-After` asks: every request of these providers may be sent twice.
 */
export async function exchange(call: Exchange): Promise<Reply> {
  for (let attempt = 0; ; attempt++) {
    let wait = 200 * 2 ** attempt;
    try {
      const reply = await once(call);
      if (!RETRIED.has(reply.status) || attempt === RETRIES) return reply;
      wait = retryAfter(reply.headers) ?? wait;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (call.signal?.aborted) throw call.signal.reason;
      if (attempt === RETRIES || !/^(ECONN|EPIPE|ETIMEDOUT)/.test(code)) throw explained(error, code);
    }
    await sleep(wait, undefined, { ...(call.signal && { signal: call.signal }) });
  }
}

/** Milliseconds that the server asks to wait; Azure's own `retry-after-ms` is the finer one. */
export function retryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const fine = headers["retry-after-ms"] ?? headers["x-ms-retry-after-ms"];
  if (fine !== undefined && Number.isFinite(Number(fine))) return Math.max(0, Number(fine));
  const header = headers["retry-after"];
  if (header === undefined) return undefined;
  const seconds = Number(header);
  return Math.max(0, Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now() || 0);
}

async function once({ method, url, headers, body, signal }: Exchange): Promise<Reply> {
  const secure = url.protocol === "https:";
  return await new Promise((done, fail) => {
    const options = {
      method,
      host: url.hostname,
      port: url.port,
      path: url.pathname + url.search,
      headers: { ...headers, ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }) },
      ...(signal && { signal }),
    };
    const sent = secure ? https.request({ ...options, agent: secureAgent }) : http.request({ ...options, agent: plainAgent });
    sent.on("error", fail);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        const flat = Object.entries(response.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(",") : (value ?? ""),
        ]);
        done({ status: response.statusCode ?? 0, headers: Object.fromEntries(flat), text: Buffer.concat(chunks).toString() });
      });
    });
    sent.end(body);
  });
}

function explained(error: unknown, code: string): unknown {
  if (code === "ECONNREFUSED") {
    return new Error("the sandbox does not answer (connection refused); start it with: mlops sandbox start", { cause: error });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code)) {
    return new Error(`the sandbox's certificate is not trusted (${code}); set NODE_EXTRA_CA_CERTS: eval "$(npx mlops sandbox env)"`, {
      cause: error,
    });
  }
  return error;
}
