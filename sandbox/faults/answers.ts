// Errors in the form of each service: what Azure says with a status when something is wrong on its side.
import { errorDocument } from "../blob/front.ts";
import type { Service } from "./rule.ts";

interface Said {
  readonly code: string;
  readonly message: string;
}

/**
 * Resource Manager and what stands behind it.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
 */
const management: Readonly<Record<number, Said>> = {
  400: { code: "BadRequest", message: "The request is invalid." },
  403: { code: "AuthorizationFailed", message: "The client does not have authorization to perform the action over the scope." },
  404: { code: "ResourceNotFound", message: "The resource was not found." },
  408: { code: "RequestTimeout", message: "The request timed out." },
  409: { code: "Conflict", message: "Another operation on the resource is in progress. Please retry later." },
  412: { code: "PreconditionFailed", message: "The condition of the request is not met." },
  429: {
    code: "TooManyRequests",
    message: "Number of requests for the subscription exceeded the limit. Please try again after additional tokens are available.",
  },
  500: { code: "InternalServerError", message: "Encountered internal server error. Diagnostic information is in the request's headers." },
  502: { code: "BadGateway", message: "The gateway did not receive a valid answer from the resource provider." },
  503: { code: "ServiceUnavailable", message: "The service is temporarily unavailable. Please retry the request." },
  504: {
    code: "GatewayTimeout",
    message: "The gateway did not receive a response from the resource provider within the specified time period.",
  },
};

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes, common-rest-api-error-codes */
const blob: Readonly<Record<number, Said>> = {
  403: {
    code: "AuthorizationPermissionMismatch",
    message: "This request is not authorized to perform this operation using this permission.",
  },
  409: { code: "LeaseIdMissing", message: "There is currently a lease on the blob and no lease ID was specified in the request." },
  412: { code: "ConditionNotMet", message: "The condition specified using HTTP conditional header(s) is not met." },
  429: { code: "TooManyRequests", message: "Too many requests were made in too short a time." },
  500: { code: "InternalError", message: "The server encountered an internal error. Please retry the request." },
  503: { code: "ServerBusy", message: "The server is currently unable to receive requests. Please retry your request." },
};

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const entra: Readonly<Record<number, Said>> = {
  429: { code: "temporarily_unavailable", message: "AADSTS90100: The request was throttled. Please try again later." },
  500: { code: "server_error", message: "AADSTS90013: An unexpected error has occurred. Please retry the request." },
  503: { code: "temporarily_unavailable", message: "AADSTS90033: A transient error has occurred. Please try again." },
};

/** What the service says with this status when the rule does not say it itself. */
export function usual(service: Service, status: number): Said | undefined {
  return (service === "blob" ? blob[status] : service === "entra" ? entra[status] : undefined) ?? management[status];
}

/** Body and headers of an error in the service's form. */
export function formed(service: Service, { code, message }: Said): { readonly body: string; readonly headers: Record<string, string> } {
  if (service === "blob") {
    return { body: errorDocument({ status: 0, code, message }), headers: { "content-type": "application/xml", "x-ms-error-code": code } };
  }
  const json = { "content-type": "application/json; charset=utf-8" };
  if (service === "entra") return { body: JSON.stringify({ error: code, error_description: message }), headers: json };
  return { body: JSON.stringify({ error: { code, message } }), headers: json };
}
