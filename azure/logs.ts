// Reads a growing log file at the URL that run history gives for it.
import { setTimeout as sleep } from "node:timers/promises";

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
    const answer = await fetch(url, { headers: { range: `bytes=${offset}-` }, signal });
    const body = Buffer.from(await answer.arrayBuffer());
    if (answer.status === 206) return body;
    if (answer.status === 200) return body.subarray(offset);
    return answer.status === 429 || answer.status >= 500 ? "later" : Buffer.alloc(0);
  } catch (error) {
    if (signal.aborted) throw error;
    return "later";
  }
}
