// Failures as gRPC statuses; a resource that exists but failed travels in the status details, so that the engine records it.
import * as grpc from "@grpc/grpc-js";
import { encode } from "./encode.ts";
import { initFailed, status } from "./messages.ts";
import { InitFailed } from "./provider.ts";
import { toWire } from "./values.ts";

/** What the engine gets to see of an error. */
export function failureStatus(error: unknown): Partial<grpc.StatusObject> {
  const message = describe(error);
  const code = grpc.status.UNKNOWN;
  if (!(error instanceof InitFailed)) return { code, details: message };
  const detail = { id: error.id, properties: toWire(error.outputs), inputs: toWire(error.inputs), reasons: [message] };
  const packed = { typeUrl: "type.googleapis.com/pulumirpc.ErrorResourceInitFailed", value: encode(detail, initFailed) };
  const metadata = new grpc.Metadata();
  // gRPC's place for structured errors (google.rpc.Status), which grpc-js leaves to its users.
  metadata.add("grpc-status-details-bin", encode({ code, message, details: [packed] }, status));
  return { code, details: message, metadata };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "gave up waiting: the resource's customTimeouts are over; Azure may still be working on it";
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? ` (${error.cause.message})` : "";
  return error.message + cause;
}
