// How many requests a deployment takes at once: some at work, as many again waiting, the rest refused.
import type { DeploymentRoute, InstanceRoute } from "../table.ts";

/** A process and what it has to do just now. */
export interface Seat {
  readonly instance: InstanceRoute;
  active: number;
  /** Refused a connection: asked last until the main thread says more. */
  suspect: boolean;
}

/** A seat; or why there is none: too many wait already, waited too long, nothing is healthy. */
export type Entry = Seat | "busy" | "late" | "down";

interface Waiting {
  readonly resolve: (seat: Entry) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Admits requests to the instances of one deployment. Azure lets `2 * maxConcurrentRequestsPerInstance * instances` in at
 * any time (half of them at work) and answers 429 beyond ("Troubleshoot online endpoints", HTTP status codes).
 */
export class Gate {
  route: DeploymentRoute;
  #seats: Seat[] = [];
  /** Seats of processes that left, with requests still under way. */
  #left: Seat[] = [];
  readonly #waiting: Waiting[] = [];
  #next = 0;

  constructor(route: DeploymentRoute) {
    this.route = route;
    this.update(route);
  }

  /** New instances and limits; what is at work goes on, what waits takes the new seats. */
  update(route: DeploymentRoute): void {
    this.route = route;
    const before = [...this.#seats, ...this.#left];
    this.#seats = route.instances.map((instance) => {
      const kept = before.find((seat) => seat.instance.id === instance.id);
      if (kept) kept.suspect = false;
      return kept ?? { instance, active: 0, suspect: false };
    });
    this.#left = before.filter((seat) => seat.active > 0 && !this.#seats.includes(seat));
    this.#wake();
    // Who waits for nothing at all is told now, not when the wait is over.
    if (this.#seats.length === 0) for (const waiting of this.#waiting.splice(0)) this.#answer(waiting, "down");
  }

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** Those too that have left. */
  allSeats(): readonly Seat[] {
    return [...this.#seats, ...this.#left];
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** A seat at once when one is free, else a place in the queue. `exclude` names the processes already tried. */
  enter(exclude?: ReadonlySet<string>): Entry | Promise<Entry> {
    if (this.#seats.length === 0 || (exclude && this.#seats.every((seat) => exclude.has(seat.instance.id)))) return "down";
    const seat = this.#free(exclude);
    if (seat) {
      seat.active++;
      return seat;
    }
    if (this.#waiting.length >= this.route.concurrency * this.route.capacity) return "busy";
    return new Promise((resolve) => {
      const waiting: Waiting = {
        resolve,
        timer: setTimeout(() => {
          const at = this.#waiting.indexOf(waiting);
          if (at >= 0) this.#waiting.splice(at, 1);
          resolve("late");
        }, this.route.queueWaitMs),
      };
      this.#waiting.push(waiting);
    });
  }

  leave(seat: Seat): void {
    seat.active--;
    if (seat.active === 0 && this.#left.length > 0) this.#left = this.#left.filter((one) => one.active > 0);
    this.#wake();
  }

  #wake(): void {
    while (this.#waiting.length > 0) {
      const seat = this.#free();
      if (!seat) return;
      seat.active++;
      this.#answer(this.#waiting.shift()!, seat);
    }
  }

  #answer(waiting: Waiting, answer: Entry): void {
    clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }

  /** The least busy seat below its limit; among equals the next in turn. */
  #free(exclude?: ReadonlySet<string>): Seat | undefined {
    let best: Seat | undefined;
    for (let i = 0; i < this.#seats.length; i++) {
      const seat = this.#seats[(this.#next + i) % this.#seats.length]!;
      if (seat.active >= this.route.concurrency || exclude?.has(seat.instance.id)) continue;
      if (!best || Number(seat.suspect) < Number(best.suspect) || (seat.suspect === best.suspect && seat.active < best.active)) {
        best = seat;
      }
    }
    this.#next++;
    return best;
  }
}
