// Faults that come when Resource Manager writes a resource: a name that cannot be had, an operation that ends in Failed.
import type { Asked } from "../arm/engine.ts";
import type { ErrorBody } from "../arm/errors.ts";
import { errorBody, notModeled } from "../arm/errors.ts";
import { softDeletedError, takenError } from "../arm/guards.ts";
import { nameOf } from "../arm/ids.ts";
import type { AnyType } from "../arm/registry.ts";
import { ArmError } from "../core.ts";
import type { ArmResource } from "../core.ts";
import { armOperation } from "../rbac/operations.ts";
import type { Faults, ObservedCall } from "./faults.ts";
import type { FaultRule } from "./rule.ts";

/** Throws what Azure says when the name of a new resource is taken, or held by a deleted one, if a fault says so. */
export function refuseName(faults: Faults, call: ObservedCall, type: AnyType): void {
  if (faults.idle) return;
  const name = nameOf(call.path);
  for (const { refuse } of faults.due(call, ["refuse"], (rule) => rule.refuse !== "quota"))
    throw (refuse === "nameTaken" ? takenError(type, name) : softDeletedError(type, name)) ?? unknown(type, refuse!);
}

/** How the operation of a write (or of a deletion, an action) is to end, if a fault says that it fails. */
export function failureOf(faults: Faults, call: ObservedCall, type: AnyType, resource: ArmResource): ErrorBody | undefined {
  if (faults.idle) return undefined;
  const [rule] = faults.due(
    call,
    ["fail", "refuse"],
    ({ refuse }) => refuse === undefined || (refuse === "quota" && call.method === "PUT"),
  );
  if (!rule) return undefined;
  return rule.fail ?? errorBody(type.quota?.(resource) ?? unknown(type, "quota"));
}

const unknown = (type: AnyType, what: NonNullable<FaultRule["refuse"]>): ArmError =>
  notModeled(`the fault 'refuse: ${what}' of '${type.type}'`, "it knows no words of Azure's for it; use `answer` or `fail` with a code");

/** A write as fault rules look at it. */
export const observedWrite = (method: string, { id, service = "management" }: Asked, path: string, { type }: AnyType): ObservedCall => ({
  service,
  method,
  path,
  type,
  operation: armOperation(method, id).operation,
});

/** The error that makes an operation end as it is to. */
export const failed = ({ code, message, target }: ErrorBody): ArmError =>
  new ArmError(400, code, message, target === undefined ? {} : { target });
