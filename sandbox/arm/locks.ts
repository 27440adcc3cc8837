// One at a time: work on the same key waits for the work before it.

export class Locks {
  readonly #last = new Map<string, Promise<unknown>>();

  async alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = (async (): Promise<T> => {
      if (before) await before.catch(() => undefined);
      return await work();
    })();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
