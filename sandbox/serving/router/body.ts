// A request's body, read whole: it may have to be sent to a second process, or to a mirror as well.
import type { IncomingMessage } from "node:http";

export const BODY_LIMIT = 16 * 1024 * 1024;

/** The body, undefined when there is none, "large" past the limit, "gone" when the client left while sending it. */
export function readBody(request: IncomingMessage, limit: number = BODY_LIMIT): undefined | "large" | Promise<Buffer | "large" | "gone"> {
  const declared = request.headers["content-length"];
  if (declared === undefined && request.headers["transfer-encoding"] === undefined) return undefined;
  if (declared !== undefined && Number(declared) > limit) {
    request.resume();
    return "large";
  }
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
      if (length > limit) {
        parts.length = 0;
        resolve("large");
      } else parts.push(part);
    });
    request.on("end", () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
    request.on("error", () => resolve("gone"));
    request.on("close", () => resolve("gone"));
  });
}
