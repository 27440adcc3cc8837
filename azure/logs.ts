// Reads a growing log file at the URL that run history gives for it.
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { createHttpHeaders, createPipelineRequest } from "@azure/core-rest-pipeline";
import { httpClient } from "./http.ts";

const tries = 5;

/**
 * What the file holds from byte `offset` on; nothing when it is not there yet or has not grown, or does not come after several tries.
 * The URL carries its own right (a SAS), so no token is sent.
 */
export async function readFrom(url: string, offset: number, signal: AbortSignal): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await look(url, offset, signal);
    // The last look at an ended job has no next one: what is lost here would be missing in the log.
    if (answer !== "later") return answer;
    if (attempt === tries) return Buffer.alloc(0);
    await sleep(100 * 2 ** attempt, undefined, { signal });
  }
}

async function look(url: string, offset: number, signal: AbortSignal): Promise<Buffer | "later"> {
  try {
    const answer = await httpClient().sendRequest(
      createPipelineRequest({
        url,
        headers: createHttpHeaders({ range: `bytes=${offset}-` }),
        abortSignal: signal,
        streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]),
        allowInsecureConnection: new URL(url).hostname === "127.0.0.1",
      }),
    );
    const body = answer.readableStreamBody ? await buffer(answer.readableStreamBody) : Buffer.alloc(0);
    if (answer.status === 206) return body;
    if (answer.status === 200) return body.subarray(offset);
    return answer.status === 429 || answer.status >= 500 ? "later" : Buffer.alloc(0);
  } catch (error) {
    if (signal.aborted) throw error;
    return "later";
  }
}
