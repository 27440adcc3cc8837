// What the processes of deployments use of this machine, sampled while they run: CPU time and memory of each process group (Linux only).
import { readFileSync, readdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

const EVERY_MS = 5_000;
const KEPT = 720;
/** `sysconf(_SC_CLK_TCK)` and the page size of every Linux that Node runs on. */
const TICKS = 100;
const PAGE = 4096;

interface Sample {
  readonly at: number;
  readonly cpuPercent: number;
  readonly memoryPercent: number;
}

/** Means over one step; of this machine's cores and memory, since an instance has no others here. */
export interface UsageStep {
  readonly start: number;
  readonly cpuPercent: number;
  readonly memoryPercent: number;
}

/** Samples by deployment, for an hour. */
export class Usage {
  readonly #samples = new Map<string, Sample[]>();
  readonly #before = new Map<string, { readonly at: number; readonly seconds: number }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param groups the process groups of each running deployment */
  start(groups: () => ReadonlyMap<string, readonly number[]>): void {
    this.#timer = setInterval(() => this.#sample(groups()), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Steps without a sample are left out. */
  read(id: string, { from, to, stepSeconds }: { from: number; to: number; stepSeconds: number }): UsageStep[] {
    const samples = this.#samples.get(id.toLowerCase()) ?? [];
    const steps: UsageStep[] = [];
    for (let start = from; start < to; start += stepSeconds * 1000) {
      const within = samples.filter(({ at }) => at >= start && at < Math.min(to, start + stepSeconds * 1000));
      if (within.length === 0) continue;
      const mean = (key: "cpuPercent" | "memoryPercent"): number => within.reduce((sum, one) => sum + one[key], 0) / within.length;
      steps.push({ start, cpuPercent: mean("cpuPercent"), memoryPercent: mean("memoryPercent") });
    }
    return steps;
  }

  #sample(deployments: ReadonlyMap<string, readonly number[]>): void {
    for (const id of this.#samples.keys()) if (!deployments.has(id)) this.#samples.delete(id);
    if (![...deployments.values()].some((groups) => groups.length > 0)) return;
    const used = usedByGroup();
    const at = Date.now();
    for (const [id, groups] of deployments) {
      const all = groups.flatMap((group) => used.get(group) ?? []);
      if (all.length === 0) continue;
      const seconds = all.reduce((sum, one) => sum + one.seconds, 0);
      const before = this.#before.get(id);
      this.#before.set(id, { at, seconds });
      // A process that ended took its time with it.
      if (!before || seconds < before.seconds) continue;
      const cpuPercent = (100_000 * (seconds - before.seconds)) / ((at - before.at) * availableParallelism());
      const memoryPercent = (100 * all.reduce((sum, one) => sum + one.bytes, 0)) / totalmem();
      const samples = this.#samples.get(id) ?? [];
      samples.push({ at, cpuPercent, memoryPercent });
      if (samples.length > KEPT) samples.shift();
      this.#samples.set(id, samples);
    }
  }
}

/** CPU seconds and resident bytes of every process group; empty where there is no /proc. */
function usedByGroup(): Map<number, { seconds: number; bytes: number }> {
  const groups = new Map<number, { seconds: number; bytes: number }>();
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return groups;
  }
  for (const name of names) {
    try {
      // proc(5): after the command's name in brackets come state, parent, group, … user time, system time, … resident pages.
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const group = groups.get(fields[2]!) ?? { seconds: 0, bytes: 0 };
      group.seconds += (fields[11]! + fields[12]!) / TICKS;
      group.bytes += fields[21]! * PAGE;
      groups.set(fields[2]!, group);
    } catch {
      // It has just ended.
    }
  }
  return groups;
}
