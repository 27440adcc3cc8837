// Errors as Azure Resource Manager words them: `{"error": {code, message, target, details}}`.
import { ArmError } from "../core.ts";
import type { ParsedId } from "./ids.ts";

export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly unknown[];
}

/** The inside of `error`. What is not an ArmError is the sandbox's own fault and is not shown. */
export function errorBody(error: unknown): ErrorBody {
  if (!(error instanceof ArmError)) {
    return { code: "InternalServerError", message: "The sandbox failed to handle this; its log (`mlops sandbox logs`) has the reason." };
  }
  return {
    code: error.code,
    message: error.message,
    ...(error.target === undefined ? {} : { target: error.target }),
    ...(error.details?.length ? { details: error.details } : {}),
  };
}

/** Refuses by name what the sandbox does not model. */
export function notModeled(what: string, why: string): ArmError {
  return new ArmError(501, "NotModeledInSandbox", `The sandbox does not model ${what}: ${why}`);
}

export function groupNotFound(name: string): ArmError {
  return new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
}

export function resourceNotFound(id: ParsedId, type: string): ArmError {
  const name = id.segments.filter((_, index) => index % 2 === 1).join("/");
  const where = id.resourceGroup ? ` under resource group '${id.resourceGroup}'` : "";
  return new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${type}/${name}'${where} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

export function parentNotFound(id: ParsedId, type: string): ArmError {
  const names = id.segments.filter((_, index) => index % 2 === 1);
  return new ArmError(
    404,
    "ParentResourceNotFound",
    `Failed to perform 'write' on resource(s) of type '${type}', because the parent resource '${type.split("/").slice(0, -1).join("/")}/${names.slice(0, -1).join("/")}' could not be found.`,
  );
}
