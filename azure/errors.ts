// What went wrong between this machine and Azure, with what support would ask for.

/** One entry of ARM's error body (`{"error":{code,message,target,details}}`). */
export interface AzureErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
}

/** What an error needs besides its text. */
export interface AzureErrorFacts {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly code: string;
  readonly target?: string;
  readonly details?: readonly AzureErrorDetail[];
  /** `x-ms-request-id`: what Azure's support asks for. */
  readonly requestId?: string;
}

/** Azure refused a request, or a long-running operation ended in `Failed` (then `status` is that of its last answer). */
export class AzureError extends Error {
  readonly method: string;
  /** Without its query, which may hold a signature. */
  readonly url: string;
  readonly status: number;
  readonly code: string;
  readonly target: string | undefined;
  readonly details: readonly AzureErrorDetail[];
  readonly requestId: string | undefined;

  constructor(message: string, facts: AzureErrorFacts) {
    const url = facts.url.replace(/\?.*$/s, "");
    const details = (facts.details ?? []).map((d) => `; ${d.code}: ${d.message}`).join("");
    const request = facts.requestId ? ` (request id ${facts.requestId})` : "";
    super(`${facts.code}: ${message}${details} [${facts.method} ${shortened(url)}: ${facts.status}]${request}`);
    this.name = "AzureError";
    this.method = facts.method;
    this.url = url;
    this.status = facts.status;
    this.code = facts.code;
    this.target = facts.target;
    this.details = facts.details ?? [];
    this.requestId = facts.requestId;
  }
}

/** True when it is Azure's answer that there is no such thing. */
export function isNotFound(error: unknown): error is AzureError {
  return error instanceof AzureError && error.status === 404;
}

/** True when something else is being done to the resource, or it changed since it was read: read again and retry. */
export function isConflict(error: unknown): error is AzureError {
  return error instanceof AzureError && (error.status === 409 || error.status === 412);
}

interface ErrorBody {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly target?: unknown;
  readonly details?: unknown;
}

/** Makes the error of an answer's body, whichever of Azure's two forms it has. */
export function errorFromBody(
  body: unknown,
  facts: Omit<AzureErrorFacts, "code" | "target" | "details"> & { readonly fallback?: string },
): AzureError {
  const outer = (typeof body === "object" && body !== null ? body : {}) as { error?: ErrorBody } & ErrorBody;
  const error = typeof outer.error === "object" && outer.error !== null ? outer.error : outer;
  const code = typeof error.code === "string" && error.code ? error.code : `HTTP${facts.status}`;
  const text = typeof body === "string" ? body.slice(0, 400).trim() : "";
  const message = typeof error.message === "string" && error.message ? error.message : text || facts.fallback || "no message in the answer";
  return new AzureError(message, {
    ...facts,
    code,
    ...(typeof error.target === "string" ? { target: error.target } : {}),
    details: (Array.isArray(error.details) ? error.details : []).flatMap((d: ErrorBody | null) =>
      typeof d?.message === "string" ? [{ code: typeof d.code === "string" ? d.code : "", message: d.message }] : [],
    ),
  });
}

/** The part of an ARM URL that says which resource: from its last provider on. */
function shortened(url: string): string {
  const at = url.lastIndexOf("/providers/");
  return at < 0 ? url : url.slice(at + "/providers/".length);
}
