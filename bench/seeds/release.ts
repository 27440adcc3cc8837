// A whole release both ways in one sandbox: from a registered model to all of prod's traffic, where an earlier release serves everywhere.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Checkout, Ran as Ended } from "../../test/checkout.ts";
import type { Figure } from "../figures.ts";
import { seconds } from "../latencies.ts";
import { json, must } from "../must.ts";
import { against, location, s, type Sides, withSides } from "./sides.ts";
import { longest, type Ran, theirs } from "./theirs.ts";

type Report = (line: string) => void;
type Person = Pick<Checkout, "mlops">;

const dev = { group: "rg-seed", workspace: "mlw-rg-seed" };
const places = {
  dev,
  // The first seed has it in the workspace of dev.
  auto: { ...dev, endpoint: "seed-auto" },
  qa: { group: "rg-seed-qa", workspace: "mlw-rg-seed-qa", endpoint: "seed-qa" },
  prod: { group: "rg-seed-prod", workspace: "mlw-rg-seed-prod", endpoint: "seed-prod" },
};

export const measure = async (report: Report): Promise<Figure[]> =>
  await withSides(async (sides) => {
    await sides.start("none");
    report("a first release both ways, from training to prod");
    const ann = await firstRelease(sides);
    await sides.start("azure");
    return await secondRelease(sides.copy, ann, report);
  });

/** Serves in auto, qa and prod, both ways; and the model of a second one is registered. Gives who approves. */
async function firstRelease({ copy, makeGroup }: Sides): Promise<Person> {
  allTrafficAtOnce(copy);
  must(await copy.mlops("start", "--json", "--no-deploy"));
  must(await copy.pulumi("stack", "init", "prod", "--no-select"));
  const ann = await copy.as("ann");
  await ours(copy, ann);
  const made = { location, project: join(copy.dir, "project"), sleep: 0.1 };
  const parts = { dev: ["workspace", "cluster", "data", "environments", "components"], qa: ["workspace", "environments"] };
  for (const [place, what] of [
    [places.dev, parts.dev],
    [places.qa, parts.qa],
    [places.prod, parts.qa],
  ] as const) {
    await makeGroup(place.group);
    await theirs("dev.py", join(copy.dir, ".sandbox"), { ...made, ...place, parts: what });
  }
  await script(copy, "1", ["prepare", "register", "release"]);
  must(await copy.mlops("train", "--set", "inputs.alpha=0.9", "--json"));
  await script(copy, "2", ["register"]);
  return ann;
}

/** From the registered model on. */
async function secondRelease(copy: Checkout, ann: Person, report: Report): Promise<Figure[]> {
  const began = performance.now();
  const took = await ours(copy, ann);
  const whole = (performance.now() - began) / 1000;
  const least = seconds.share + seconds.registryVersion + 2 * seconds.deployment + seconds.endpoint;
  report(`a release, ours ${s(whole)}: ${took.join(", ")}; its critical path ${s(least)}`);
  const seeds = await script(copy, "2", ["release"]);
  report(`a release, the seeds' ${s(seeds.seconds)}: ${longest(seeds, 20)}`);
  const theirLeast = 3 * (seconds.deployment + seconds.endpoint) + seconds.share;
  const why =
    `, one run; ours ${took.join(", ")}, of which ${s(least)} are Azure's: import and label of the model, the deployment in qa, after approval ` +
    `that in prod, its traffic; theirs ${s(theirLeast)}: the import, then auto, qa and prod one after the other, each a deployment and its traffic`;
  return [against("a release from registered model to prod", whole, seeds.seconds, 0.5, why)];
}

/** What each command took. `auto` is served beside the way to prod, which does not wait for it. */
async function ours(copy: Checkout, ann: Person): Promise<string[]> {
  const took: string[] = [];
  const watch = async (name: string, work: Promise<Ended>): Promise<void> => {
    const began = performance.now();
    must(await work);
    took.push(`${name} ${s((performance.now() - began) / 1000)}`);
  };
  const release = ["--release", "release.json"];
  await watch("share", copy.mlops("share", ...release));
  const auto = watch("auto beside", copy.mlops("deploy", "--stage", "auto", ...release));
  await watch("qa", copy.mlops("deploy", "--stage", "qa", ...release));
  await watch("approve", ann.mlops("approve", ...release, "--yes"));
  await watch("prod", copy.mlops("deploy", "--stage", "prod", ...release));
  await auto;
  return took;
}

async function script(copy: Checkout, version: string, parts: readonly string[]): Promise<Ran> {
  const stack = json(await copy.pulumi("stack", "output", "--json", "--stack", "dev")) as Record<string, string>;
  return await theirs("release.py", join(copy.dir, ".sandbox"), {
    ...places,
    ...{ version, parts, location, project: join(copy.dir, "project") },
    ...{ registry: "seedregistry", model: "diabetes" },
    ours: { group: stack["resourceGroupName"], workspace: stack["workspaceName"] },
  });
}

/** As the seeds' `--all-traffic`: no steps that are watched for minutes. */
function allTrafficAtOnce(copy: Checkout): void {
  const file = join(copy.dir, "Pulumi.prod.yaml");
  const text = readFileSync(file, "utf8");
  const changed = text
    .replace("steps: [10, 50, 100]", "steps: [100]")
    .replace("bakeSeconds: 300", "bakeSeconds: 0")
    .replace("maxP95Ms: 1000", "maxP95Ms: 5000");
  if (!/steps: \[100\]\n\s+bakeSeconds: 0/.test(changed)) throw new Error(`${file} has no rollout that this bench knows`);
  writeFileSync(file, changed);
}
