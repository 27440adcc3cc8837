// The dev stage both ways, by turns in one sandbox with Azure's latencies: from nothing, again with nothing changed, with one component changed.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { criticalPath, type StateResource } from "../criticalPath.ts";
import { type Figure, median } from "../figures.ts";
import { SCALE } from "../latencies.ts";
import { must } from "../must.ts";
import { against, location, s, withSides } from "./sides.ts";
import { longest, type Ran, theirs } from "./theirs.ts";

const ROUNDS = 3;
/** What the SDK waits between two looks at an ARM template. */
const SDK_SLEEP = 5;
const all = ["workspace", "cluster", "data", "environments", "components"];

export const measure = async (report: (line: string) => void): Promise<Figure[]> =>
  await withSides(async ({ copy, start, makeGroup }) => {
    await start("azure");
    for (const stack of ["shared", "dev"]) must(await copy.pulumi("stack", "init", stack, "--no-select"));
    must(await copy.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "shared"));
    const project = join(copy.dir, "project");
    const script = async (group: string, parts: readonly string[] = all, more: object = {}): Promise<Ran> =>
      await theirs("dev.py", join(copy.dir, ".sandbox"), { group, workspace: `mlw-${group}`, location, project, parts, ...more });
    const up = async (): Promise<number> => {
      const began = performance.now();
      must(await copy.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"));
      return (performance.now() - began) / 1000;
    };
    const change = (): void => appendFileSync(join(project, "ml/train/code.py"), `# ${Date.now()}\n`);

    for (const group of ["rg-seed", "rg-seed-scaled"]) await makeGroup(group);
    const made = {
      ours: await up(),
      theirs: await script("rg-seed"),
      scaled: await script("rg-seed-scaled", all, { sleep: SDK_SLEEP / SCALE }),
    };
    const state = must(await copy.pulumi("stack", "export", "--stack", "dev"));
    const path = criticalPath((JSON.parse(state.stdout) as { deployment: { resources: StateResource[] } }).deployment.resources);
    report(`from nothing: ours ${s(made.ours)}, theirs ${s(made.theirs.seconds)}: ${longest(made.theirs)}`);
    report(`with the SDK's sleeps scaled too ${s(made.scaled.seconds)}: ${longest(made.scaled)}`);

    const again: Pair[] = [];
    const changed: (Pair & { readonly alone: Ran })[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      again.push({ ours: await up(), theirs: await script("rg-seed") });
      change();
      changed.push({ ours: await up(), theirs: await script("rg-seed"), alone: await script("rg-seed", ["components"]) });
    }
    report(`again: ${pairs(again)}; ${longest(again.at(-1)!.theirs)}`);
    report(`one component changed: ${pairs(changed)}; create_components.sh alone ${s(median(changed.map(({ alone }) => alone.seconds)))}`);
    const alone = median(changed.map(({ ours }) => ours)) / median(changed.map(({ alone }) => alone.seconds));
    const scaled = made.ours / made.scaled.seconds;
    const nothing =
      `, one run; ${scaled.toFixed(2)} × if the SDK's ${SDK_SLEEP} s between looks at an ARM template were scaled too; ` +
      `of ours ${s(path.seconds)} are Azure's, one after the other: ${path.names.join(" → ")}`;
    const components = `, medians of ${ROUNDS}; ${alone.toFixed(2)} × against the script's five lines for components alone`;
    return [
      against("the dev stage from nothing", made.ours, made.theirs.seconds, 1 / 2, nothing),
      against("the dev stage again, nothing changed", ...medians(again), 1 / 3, `, medians of ${ROUNDS}`),
      against("the dev stage, one component changed", ...medians(changed), 1 / 2, components),
    ];
  });

interface Pair {
  readonly ours: number;
  readonly theirs: Ran;
}

const medians = (of: readonly Pair[]): [number, number] => [
  median(of.map(({ ours }) => ours)),
  median(of.map(({ theirs }) => theirs.seconds)),
];
const pairs = (of: readonly Pair[]): string => of.map(({ ours, theirs }) => `${s(ours)} against ${s(theirs.seconds)}`).join(", ");
