// Waiting until processes have nothing to do any more, so that they can be ended.
import type { Gate } from "./gate.ts";

interface Drain {
  readonly instances: ReadonlySet<string>;
  readonly done: () => void;
}

/** Who waits for which processes, and the gates of deployments that left the table with requests still in them. */
export class Drains {
  readonly leaving = new Set<Gate>();
  readonly #drains: Drain[] = [];

  get waiting(): boolean {
    return this.#drains.length > 0;
  }

  /** Resolves when none of the processes has a request. */
  add(instances: readonly string[]): Promise<void> {
    return new Promise((done) => this.#drains.push({ instances: new Set(instances), done }));
  }

  /** Ends the drains whose processes are free now; `gates` are those in the table. */
  settle(gates: Iterable<Gate>): void {
    const busy = new Set<string>();
    const note = (gate: Gate): void => {
      for (const seat of gate.allSeats()) if (seat.active > 0) busy.add(seat.instance.id);
    };
    for (const gate of gates) note(gate);
    for (const gate of this.leaving) {
      note(gate);
      // What still waits will take one of these seats.
      if (gate.waiting > 0) for (const seat of gate.seats) busy.add(seat.instance.id);
      else if (gate.allSeats().every((seat) => seat.active === 0)) this.leaving.delete(gate);
    }
    for (const drain of [...this.#drains]) {
      if ([...drain.instances].some((id) => busy.has(id))) continue;
      this.#drains.splice(this.#drains.indexOf(drain), 1);
      drain.done();
    }
  }
}
