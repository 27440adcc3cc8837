// What a failed request looks like from outside: managed endpoints and Kubernetes ones differ.

/**
 * "Troubleshoot online endpoints", HTTP status codes. Managed: 408 late, 424 the model failed (its own code in headers),
 * 429 too many at once. Kubernetes (azureml-fe): the model's own code, 502 crashed, 503 overloaded, 504 late.
 */
export interface Statuses {
  readonly late: number;
  /** Waited too long for a free instance: managed endpoints count the wait into the request's time. */
  readonly waited: number;
  readonly busy: number;
  readonly crashed: number;
  readonly down: number;
  /** The status for a model's answer of 400 and above. */
  readonly model: (status: number) => number;
}

export const STATUSES: Readonly<Record<"Managed" | "Kubernetes", Statuses>> = {
  Managed: { late: 408, waited: 408, busy: 429, crashed: 424, down: 503, model: () => 424 },
  Kubernetes: { late: 504, waited: 503, busy: 503, crashed: 502, down: 503, model: (status) => status },
};
