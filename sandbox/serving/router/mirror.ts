// A copy of a live request for the deployment that is only watched: its answer is counted and thrown away.
import { randomUUID } from "node:crypto";
import { forward } from "./forward.ts";
import type { Outgoing } from "./forward.ts";
import type { Statuses } from "./statuses.ts";

/** Sends the copy under a request id of its own and tells what a client would have been told. */
export async function sendCopy(
  port: number,
  request: Outgoing,
  timeoutMs: number,
  statuses: Statuses,
): Promise<{ readonly status: number; readonly modelStatus: number | undefined }> {
  let modelStatus: number | undefined;
  const receiver = {
    head: ({ status }: { readonly status: number }): void => {
      modelStatus = status;
    },
    body: () => true,
  };
  const outcome = await forward(port, request, randomUUID(), timeoutMs, receiver, () => undefined);
  if (outcome.kind !== "answered" || modelStatus === undefined) {
    return { status: outcome.kind === "late" ? statuses.late : statuses.crashed, modelStatus };
  }
  return { status: modelStatus >= 400 ? statuses.model(modelStatus) : modelStatus, modelStatus };
}
