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
    name: "seeds:stage",
    summary: "the dev stage by the seeds' script of azure-ai-ml and by ours (4 min)",
    measure: async (report) => (await import("./seeds/stage.ts")).measure(report),
  },
  {
    name: "seeds:release",
    summary: "a release to prod by the seeds' script and by ours (6 min)",
    measure: async (report) => (await import("./seeds/release.ts")).measure(report),
  },
  {
    name: "load:resources",
    summary: "5,000 resources in a group: made, listed, deleted (20 s)",
    measure: async (report) => (await import("./load/resources.ts")).manyResources(report),
  },
  {
    name: "load:rate",
    summary: "the control plane's requests a second (20 s)",
    measure: async (report) => (await import("./load/rate.ts")).controlPlane(report),
  },
  {
    name: "load:queue",
    summary: "50 jobs on a cluster of 4 nodes (1 min)",
    measure: async (report) => (await import("./load/queue.ts")).jobQueue(report),
  },
  {
    name: "load:deployments",
    summary: "200 deployments, each with a server of its own (10 min)",
    measure: async (report, { deployments }) => (await import("./load/deployments.ts")).manyDeployments(deployments, report),
  },
  {
    name: "load:bodies",
    summary: "bodies of 1 GB, taken or refused without growing by them (1 min)",
    measure: async (report) => (await import("./load/bodies.ts")).largeBodies(report),
  },
  {
    name: "load:kills",
    summary: "kill -9 at 200 moments in the middle of writes (7 min)",
    measure: async (report, options) => (await import("./load/kills.ts")).kills(options.kills, report),
  },
  {
    name: "load:soak",
    summary: "memory over ten minutes of everything a client does (11 min)",
    measure: async (report, options) => (await import("./load/soak.ts")).soak(options.soak, report),
  },
];

/** Those that a name on the command line means: itself, or all parts of it (`load` for `load:soak` and its like). */
export const called = (name: string): readonly Benchmark[] =>
  benchmarks.filter((one) => one.name === name || one.name.startsWith(`${name}:`));
