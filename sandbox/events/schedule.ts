// When Event Grid tries again, and when it gives up: https://learn.microsoft.com/azure/event-grid/delivery-and-retry

const minute = 60;
const hour = 60 * minute;

/** Seconds after each failed attempt; the last one again and again. */
const backOff = [10, 30, minute, 5 * minute, 10 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour] as const;

/** Statuses that wait longer than the schedule says. */
const atLeast: Readonly<Record<number, number>> = { 404: 5 * minute, 408: 2 * minute, 503: 30 };

/** Between the last attempt and the dead letter. */
export const deadLetterDelay = 5 * minute;

/** How long a dead letter waits for its container before the event is dropped. */
export const deadLetterPatience = 4 * hour;

/** How long somebody may take to open a validation URL. */
export const handshakePatience = 5 * minute;

/** How long a webhook may take to answer. */
export const answerWithin = 30;

/** Seconds until the next attempt after `attempts` failed ones, with a little chance in it, as Event Grid has. */
export function retryAfter(attempts: number, status: number | undefined, chance = Math.random()): number {
  const scheduled = backOff[Math.min(attempts, backOff.length) - 1] ?? backOff[0];
  return Math.max(scheduled, atLeast[status ?? 0] ?? 0) * (1 + 0.1 * chance);
}

export const delivered = (status: number | undefined): boolean => status !== undefined && status >= 200 && status <= 204;

/** A webhook's answers after which no attempt is made any more. */
export const hopeless = (status: number | undefined): boolean => status !== undefined && [400, 401, 403, 413].includes(status);

/** `lastDeliveryOutcome` of a dead letter. */
export function outcomeOf(status: number | undefined): string {
  if (status === undefined) return "TimedOut";
  const names: Readonly<Record<number, string>> = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "TimedOut",
    413: "PayloadTooLarge",
    429: "Busy",
    503: "Busy",
  };
  return names[status] ?? "GenericError";
}
