// Reads one HTTP/1.1 answer from a connection that serves one request: head, then a body by length, in chunks, or to the end.

export interface AnswerHead {
  readonly status: number;
  /** Names in lower case, in the order they came; a repeated name appears repeatedly. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Where what is read goes. */
export interface AnswerSink {
  head(head: AnswerHead): void;
  body(part: Buffer): void;
  /** The answer has come whole. */
  end(): void;
}

/** The server does not speak HTTP, or ended too soon. */
export class BrokenAnswer extends Error {}

/** A head larger than this is not one of the inference server's. */
const HEAD_LIMIT = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Takes an answer apart as it comes (RFC 9112, sections 4 to 7). `push` and `finish` throw BrokenAnswer. Node's own client
 * does this too, at about twice the cost for each request, as it is made for connections that are kept.
 */
export class AnswerReader {
  readonly #sink: AnswerSink;
  readonly #bodyless: boolean;
  #state: "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "to-end" | "done" = "head";
  #rest: Buffer = NOTHING;
  #left = 0;

  /** `method` is the request's: an answer to HEAD has no body. */
  constructor(method: string, sink: AnswerSink) {
    this.#sink = sink;
    this.#bodyless = method === "HEAD";
  }

  get done(): boolean {
    return this.#state === "done";
  }

  push(part: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, part]) : part;
    this.#rest = NOTHING;
    while (data.length > 0 && this.#state !== "done") {
      const used = this.#step(data);
      if (used === 0) {
        this.#rest = data;
        return;
      }
      data = data.subarray(used);
    }
  }

  /** The connection has ended. */
  finish(): void {
    if (this.#state === "to-end") this.#finish();
    else if (this.#state !== "done") throw new BrokenAnswer(`the connection ended in the answer's ${this.#state}`);
  }

  /** How many bytes were used; 0 asks for more. */
  #step(data: Buffer): number {
    switch (this.#state) {
      case "head":
        return this.#head(data);
      case "length":
      case "chunk": {
        const part = data.length > this.#left ? data.subarray(0, this.#left) : data;
        this.#left -= part.length;
        this.#sink.body(part);
        if (this.#left === 0) {
          if (this.#state === "length") this.#finish();
          else this.#state = "chunk-end";
        }
        return part.length;
      }
      case "to-end":
        this.#sink.body(data);
        return data.length;
      default:
        return this.#line(data);
    }
  }

  /** The lines between and after chunks. */
  #line(data: Buffer): number {
    const end = data.indexOf("\r\n");
    if (end < 0) {
      if (data.length > HEAD_LIMIT) throw new BrokenAnswer("a line of the chunked answer does not end");
      return 0;
    }
    const line = data.toString("latin1", 0, end);
    if (this.#state === "chunk-end") {
      if (line !== "") throw new BrokenAnswer("a chunk is longer than its size says");
      this.#state = "chunk-size";
    } else if (this.#state === "trailer") {
      if (line === "") this.#finish();
    } else {
      const size = /^([0-9a-f]{1,12})\s*(?:;.*)?$/i.exec(line)?.[1];
      if (size === undefined) throw new BrokenAnswer(`'${line.slice(0, 20)}' is not the size of a chunk`);
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? "trailer" : "chunk";
    }
    return end + 2;
  }

  #head(data: Buffer): number {
    const end = data.indexOf("\r\n\r\n");
    if (end < 0) {
      if (data.length > HEAD_LIMIT) throw new BrokenAnswer("the answer's head does not end");
      return 0;
    }
    const lines = data.toString("latin1", 0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(lines[0]!)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) throw new BrokenAnswer("the answer is not HTTP/1.1");
    // 100 and 103 come before the answer itself.
    if (status < 200) return end + 4;
    const headers: [string, string][] = [];
    let length: string | undefined;
    let chunked = false;
    for (let i = 1; i < lines.length; i++) {
      const line = lines[i]!;
      const colon = line.indexOf(":");
      if (colon <= 0) throw new BrokenAnswer("the answer has a header line without a name");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      if (name === "content-length") length = value;
      else if (name === "transfer-encoding") chunked = /\bchunked\b/i.test(value);
      headers.push([name, value]);
    }
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new BrokenAnswer("the answer's content-length is not a number");
    this.#sink.head({ status, headers });
    if (this.#bodyless || status === 204 || status === 304) this.#finish();
    else if (chunked) this.#state = "chunk-size";
    else if (length === undefined) this.#state = "to-end";
    else if (length === "0") this.#finish();
    else {
      this.#state = "length";
      this.#left = Number(length);
    }
    return end + 4;
  }

  #finish(): void {
    this.#state = "done";
    this.#sink.end();
  }
}
