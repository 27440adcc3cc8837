// Errors in MLflow's form: `{"error_code": …, "message": …}` with the HTTP status that MLflow's server gives each code.
import { ArmError } from "../../core.ts";

/** `RESOURCE_DOES_NOT_EXIST`: 404, as MLflow's own server answers. */
export const missing = (what: string): ArmError => new ArmError(404, "RESOURCE_DOES_NOT_EXIST", what);

export const exists = (what: string): ArmError => new ArmError(400, "RESOURCE_ALREADY_EXISTS", what);

export const invalid = (what: string): ArmError => new ArmError(400, "INVALID_PARAMETER_VALUE", what);

/** The body of an error answer. */
export function errorBody(error: ArmError): { error_code: string; message: string } {
  return {
    error_code: /^[A-Z_]+$/.test(error.code) ? error.code : error.status === 404 ? "RESOURCE_DOES_NOT_EXIST" : "BAD_REQUEST",
    message: error.message,
  };
}
