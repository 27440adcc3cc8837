// Reads a growing log file at the URL that run history gives for it.

/**
 * What the file holds from byte `offset` on; nothing when it is not there yet or has not grown. The URL carries its own
 * right (a SAS), so no token is sent.
 */
export async function readFrom(url: string, offset: number, signal: AbortSignal): Promise<Buffer> {
  let answer: Response;
  try {
    answer = await fetch(url, { headers: { range: `bytes=${offset}-` }, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    // The next look comes soon and asks for the same bytes again.
    return Buffer.alloc(0);
  }
  const body = Buffer.from(await answer.arrayBuffer());
  if (answer.status === 206) return body;
  return answer.status === 200 ? body.subarray(offset) : Buffer.alloc(0);
}
