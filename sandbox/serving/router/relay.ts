// Hands a model's answer on to the client.
import type { ServerResponse } from "node:http";
import type { AnswerHead } from "./answer.ts";
import type { Receiver } from "./forward.ts";

/** Answers up to this size that say their length are sent in one piece: fewer packets, and an error can still be told. */
const WHOLE = 64 * 1024;

/** Belong to a connection, not to the message (RFC 9110, section 7.6.1), or are the router's own to say. */
const LEFT_OUT = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-request-id",
  "x-ms-request-id",
  "x-ms-client-request-id",
  "azureml-model-deployment",
]);

/** Azure's headers that say what the model itself answered, as flat name and value pairs. */
export const modelError = (status: number): string[] => [
  "ms-azureml-model-error-statuscode",
  String(status),
  "ms-azureml-model-error-reason",
  "model_error",
];

/** Small answers are kept until they are whole, others are streamed, as fast as the client takes them. */
export class Relay implements Receiver {
  /** What the client is told, and what the model said. */
  status = 0;
  modelStatus = 0;
  readonly #response: ServerResponse;
  readonly #statusOf: (modelStatus: number) => number;
  readonly #headers: string[];
  readonly #parts: Buffer[] = [];
  #whole = false;

  /** `statusOf` maps a model's status of 400 and above; `own` are the router's headers, flat pairs. */
  constructor(response: ServerResponse, statusOf: (modelStatus: number) => number, own: readonly string[]) {
    this.#response = response;
    this.#statusOf = statusOf;
    this.#headers = [...own];
  }

  /** Something has been sent to the client. */
  get started(): boolean {
    return this.#response.headersSent;
  }

  head({ status, headers }: AnswerHead, resume: () => void): void {
    this.modelStatus = status;
    this.status = status >= 400 ? this.#statusOf(status) : status;
    let length = Number.POSITIVE_INFINITY;
    for (const [name, value] of headers) {
      if (LEFT_OUT.has(name)) continue;
      this.#headers.push(name, value);
      if (name === "content-length") length = Number(value);
    }
    if (this.status !== status) this.#headers.push(...modelError(status));
    this.#whole = length <= WHOLE;
    if (this.#whole) return;
    this.#response.on("drain", resume);
    this.#response.writeHead(this.status, this.#headers);
    this.#response.flushHeaders();
  }

  body(part: Buffer): boolean {
    if (!this.#whole) return this.#response.write(part);
    this.#parts.push(part);
    return true;
  }

  end(): void {
    if (!this.#whole) this.#response.end();
    else this.#response.writeHead(this.status, this.#headers).end(this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts));
  }
}
