// Who may score: an endpoint's key, a token it gave out, or a bearer token of Entra.
import { timingSafeEqual } from "node:crypto";
import type { RouteAuth } from "../table.ts";
import { tokenExpiry } from "../tokens.ts";

/** Azure's own words in the body of a 401, seen from managed endpoints with wrong or missing keys. */
export const REFUSALS = {
  keyMissing: "key_auth_bad_header_forbidden",
  keyWrong: "key_auth_access_denied",
  tokenMissing: "token_auth_bad_header_forbidden",
  tokenWrong: "token_auth_access_denied",
} as const;

/** Asks the main thread whether an Entra token may score on the endpoint (its id); gives the time of its expiry (milliseconds) or undefined. */
export type Verify = (token: string, endpoint: string) => Promise<number | undefined>;

const REMEMBERED = 2_000;

/** Checks the `Authorization` header of one endpoint's calls. */
export class Doorman {
  readonly #auth: RouteAuth;
  readonly #keys: readonly Buffer[];
  readonly #verify: Verify;
  /** Tokens whose signature was checked, and when they end. */
  readonly #known = new Map<string, number>();

  constructor(auth: RouteAuth, verify: Verify) {
    this.#auth = auth;
    this.#keys = auth.mode === "Key" ? auth.keys.map((key) => Buffer.from(key)) : [];
    this.#verify = verify;
  }

  /** Undefined lets the request in; else the body of a 401. Answers at once when it can, as every request passes here. */
  check(authorization: string | undefined): string | undefined | Promise<string | undefined> {
    const token = authorization?.startsWith("Bearer ") ? authorization.slice(7).trim() : "";
    if (this.#auth.mode === "Key") {
      if (token === "") return REFUSALS.keyMissing;
      return this.#isKey(token) ? undefined : REFUSALS.keyWrong;
    }
    if (token === "") return REFUSALS.tokenMissing;
    const ends = this.#known.get(token);
    if (ends !== undefined) return ends > Date.now() ? undefined : REFUSALS.tokenWrong;
    return this.#ask(token);
  }

  async #ask(token: string): Promise<string | undefined> {
    const auth = this.#auth;
    if (auth.mode === "Key") return REFUSALS.keyWrong;
    const ends = auth.mode === "AMLToken" ? await tokenExpiry(token, auth.secret, auth.endpoint) : await this.#verify(token, auth.endpoint);
    if (ends === undefined || ends <= Date.now()) return REFUSALS.tokenWrong;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(token, ends);
    return undefined;
  }

  /** Every key is compared in constant time, so that timing tells nothing of how much of one was right. */
  #isKey(token: string): boolean {
    const given = Buffer.from(token);
    let found = false;
    for (const key of this.#keys) {
      if (key.length === given.length && timingSafeEqual(key, given)) found = true;
    }
    return found;
  }
}
