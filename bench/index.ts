// The benchmarks, in the order that `npm run bench` runs them. Loaded only when they run: `mlops --help` reads this list too.
import type { Benchmark } from "./figures.ts";

export const benchmarks: readonly Benchmark[] = [
  {
    name: "render",
    summary: "400 asset files in one call (15 s)",
    measure: async (report) => (await import("./render.bench.ts")).measure(report),
  },
  {
    name: "scoring",
    summary: "scoring through the router against the server alone (1 min)",
    measure: async (report) => (await import("./scoring.bench.ts")).measure(report),
  },
  {
    name: "up",
    summary: "`up` of dev from nothing against its critical path; memory (2 min)",
    measure: async (report) => (await import("./up.bench.ts")).measure(report),
  },
  {
    name: "train",
    summary: "a release from training to prod, and back; requests lost (5 min)",
    measure: async (report) => (await import("./train.bench.ts")).measure(report),
  },
  {
    name: "preview",
    summary: "preview of dev against an empty program; cost of a resource (3 min)",
    measure: async (report) => (await import("./preview.bench.ts")).measure(report),
  },
  {
    name: "load",
    summary: "the sandbox under load: resources, jobs, deployments, kills, a soak (30 min)",
    measure: async (report, options) => (await import("./load.bench.ts")).measure(report, options),
  },
];
