// Which deployment answers a request: by weight, spread evenly.

const GOLDEN = 0.618_033_988_749_894_9;

/**
 * Draws from 0 to 1 that lie evenly: a random start, then steps of the golden ratio. Every hundred requests split close to
 * the weights, where independent draws would scatter by several percent, and a canary judged on few requests is fairer.
 */
export class EvenDraws {
  #last: number;

  constructor(start: number = Math.random()) {
    this.#last = start;
  }

  next(): number {
    this.#last = (this.#last + GOLDEN) % 1;
    return this.#last;
  }
}

/** The entry whose share of the summed weights holds the draw; undefined when no entry has weight. */
export function pickByWeight<T extends { readonly weight: number }>(entries: readonly T[], draw: number): T | undefined {
  let total = 0;
  for (const entry of entries) total += entry.weight;
  if (total <= 0) return undefined;
  let left = draw * total;
  let last: T | undefined;
  for (const entry of entries) {
    if (entry.weight <= 0) continue;
    last = entry;
    left -= entry.weight;
    if (left < 0) return entry;
  }
  return last;
}
