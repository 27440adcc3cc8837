// `up` of the dev stage from nothing, with Azure's latencies, against the critical path of its own graph; and the peak memory on the way.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { copyCheckout } from "../test/checkout.ts";
import { criticalPath, type StateResource } from "./criticalPath.ts";
import type { Figure } from "./figures.ts";
import { SCALE } from "./latencies.ts";
import { must } from "./must.ts";

export async function measure(report: (line: string) => void): Promise<Figure[]> {
  const checkout = copyCheckout();
  try {
    report("a model in the registry, so that the stage comes up from nothing with its endpoint");
    must(await checkout.mlops("start", "--json", "--no-deploy"));
    must(await checkout.mlops("share", "--release", "release.json"));
    must(await checkout.mlops("destroy", "--stage", "dev", "--yes"));
    must(await checkout.mlops("sandbox", "stop"));
    must(await checkout.mlops("sandbox", "start", "--profile", "azure", "--scale", String(SCALE)));
    const settings = { modelFrom: "registry", modelName: "diabetes", modelVersion: "1" };
    for (const [key, value] of Object.entries(settings)) must(await checkout.pulumi("config", "set", key, value, "--stack", "dev"));
    report(`up with Azure's latencies, divided by ${SCALE}`);
    const memory = watchMemory(join(checkout.dir, ".sandbox", "sandbox.json"));
    const began = performance.now();
    const ran = await checkout.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev");
    const seconds = (performance.now() - began) / 1000;
    const peaks = memory.stop();
    must(ran);
    const state = must(await checkout.pulumi("stack", "export", "--stack", "dev"));
    const { resources } = (JSON.parse(state.stdout) as { deployment: { resources: StateResource[] } }).deployment;
    const path = criticalPath(resources);
    report(`${seconds.toFixed(1)} s; critical path ${path.seconds.toFixed(1)} s: ${path.names.join(" → ")}`);
    const how = `${resources.length} resources, ${seconds.toFixed(1)} s against ${path.seconds.toFixed(1)} s, latencies scaled ${SCALE}×, one run`;
    return [
      {
        name: "up of the dev stage from nothing, endpoint included, against its critical path",
        value: seconds / path.seconds,
        unit: "×",
        atMost: 1.15,
        how,
      },
      ...Object.entries(peaks).map(([name, megabytes]) => ({
        name: `peak memory of ${name} during that up`,
        value: megabytes,
        unit: "MB",
        how: "largest resident set of the process, sampled every 100 ms",
      })),
    ];
  } finally {
    await checkout.dispose();
  }
}

/** Samples resident memory of the processes that an `up` is made of; megabytes at their peak. */
function watchMemory(sandboxFile: string): { stop(): Record<string, number> } {
  const { pid } = JSON.parse(readFileSync(sandboxFile, "utf8")) as { pid: number };
  const peaks: Record<string, number> = {};
  const roles: readonly [string, RegExp][] = [
    ["the program", /run\/index\.js|cmd\/run/],
    ["provider azure-native", /resource-azure-native|azure-native\.ts/],
    ["provider mlops", /resource-mlops|provider\/main\.ts/],
  ];
  const look = (): void => {
    for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      try {
        const status = readFileSync(`/proc/${name}/status`, "utf8");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        const role =
          Number(name) === pid
            ? "the sandbox"
            : /\bnode\b/.test(command)
              ? roles.find(([, pattern]) => pattern.test(command))?.[0]
              : undefined;
        const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
        if (role) peaks[role] = Math.max(peaks[role] ?? 0, kilobytes / 1024);
      } catch {
        // It ended between the listing and the look.
      }
    }
  };
  const timer = setInterval(look, 100);
  return {
    stop() {
      clearInterval(timer);
      return peaks;
    },
  };
}
