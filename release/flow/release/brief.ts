// What an approver sees first: what would serve, against what serves; data, environments, traffic, resources, cost.
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import type { Call } from "../../command.ts";
import { formatCost, type MonthlyCost, monthlyCost, type Running } from "../../core/cost.ts";
import { type ReleaseRecord, stageState } from "../../core/history.ts";
import { begin, configOf, serving, type StageRecord } from "../../core/stageRecord.ts";
import { deployable, variantOfRelease } from "../../core/manifest.ts";
import { type Pulumi, projectName } from "../../pulumi.ts";
import { table } from "../../table.ts";
import { deploymentMachines, usualSize } from "../machines.ts";
import { readPrices } from "../prices.ts";
import { short } from "./story.ts";
import type { History } from "./history.ts";

export interface Brief {
  readonly release: string;
  readonly digest: string;
  readonly stage: string;
  readonly serves: string | null;
  readonly metrics: readonly { readonly name: string; readonly now: number | null; readonly after: number | null }[];
  /** One sentence each: data, environments and components that differ. */
  readonly changes: readonly string[];
  readonly traffic: string;
  /** `create OnlineDeployment prod-green`; null when the preview could not be made. */
  readonly resources: readonly string[] | null;
  readonly cost: { readonly now: MonthlyCost; readonly after: MonthlyCost };
  readonly qa: string;
}

export async function briefOf(
  call: Call,
  history: History,
  pulumi: Pulumi,
  record: ReleaseRecord,
  stage: string,
  project: string,
): Promise<Brief> {
  const { manifest } = record;
  const there = await history.stage(stage);
  const live = serving(there);
  const liveRecord = live && (await history.release(live.release));
  const config = await pulumi.config(stage);
  const by = await history.caller();
  const next = begin(there.pending ? { ...there, pending: null } : there, deployable(manifest), stage !== "prod", by);
  const names = [...new Set([...Object.keys(liveRecord?.manifest.run.metrics ?? {}), ...Object.keys(manifest.run.metrics)])].toSorted();
  return {
    release: manifest.id,
    digest: manifest.digest,
    stage,
    serves: live?.release ?? null,
    metrics: names.map((name) => ({
      name,
      now: liveRecord?.manifest.run.metrics[name] ?? null,
      after: manifest.run.metrics[name] ?? null,
    })),
    changes: changesBetween(liveRecord, record),
    traffic: trafficPlan(config["rollout"], next.record),
    resources: await resourceChanges(call, pulumi, stage, next.record),
    cost: await costs(call, project, config, there, next.record),
    qa: stageState(record.events, "qa"),
  };
}

function changesBetween(before: ReleaseRecord | undefined, after: ReleaseRecord): string[] {
  const lists = ["data", "environments", "components"] as const;
  if (!before)
    return ["nothing serves yet: all of it is new", ...after.manifest.data.map(({ name, version }) => `data ${name}:${version}`)];
  const [made, making] = [before, after].map(({ manifest }) => variantOfRelease(manifest));
  const versions = lists.flatMap((list) => {
    const [was, is] = [before.manifest[list], after.manifest[list]].map((all) => new Map(all.map(({ name, version }) => [name, version])));
    const word = list === "data" ? "data" : list.slice(0, -1);
    return [...new Set([...was!.keys(), ...is!.keys()])].toSorted().flatMap((name) => {
      const [from, to] = [was!.get(name), is!.get(name)];
      return from === to ? [] : [`${word} ${name}: ${from ?? "none"} → ${to ?? "none"}`];
    });
  });
  return [
    ...(made === making ? [] : [`made by: ${made} → ${making}; it logs other metrics and has a deployment file of its own`]),
    ...versions,
  ];
}

function trafficPlan(rollout: string | undefined, { pending, plan }: StageRecord): string {
  if (!pending) return `none: slot ${plan?.live} serves it already`;
  const {
    steps = [100],
    bakeSeconds = 0,
    maxErrorPercent = 0,
    maxP95Ms,
    mirrorFirstPercent = 0,
  } = (rollout ? JSON.parse(rollout) : {}) as {
    steps?: number[];
    bakeSeconds?: number;
    maxErrorPercent?: number;
    maxP95Ms?: number;
    mirrorFirstPercent?: number;
  };
  const { from, to } = pending;
  if (!from || from.live === to.live) return `all to slot ${to.live}${from ? ", replaced in place" : ", the first there"}`;
  const mirror = mirrorFirstPercent > 0 ? `${mirrorFirstPercent} % mirrored first, then ` : "";
  const limits = `back by itself above ${maxErrorPercent} % errors${maxP95Ms === undefined ? "" : ` or a p95 of ${maxP95Ms} ms`}`;
  return `slot ${from.live} → ${to.live}: ${mirror}${steps.join(" → ")} %, each watched for ${bakeSeconds} s; ${limits}; ${from.live} is kept to go back to`;
}

/** What `pulumi preview` says, with the config that the deployment would write. */
async function resourceChanges(call: Call, pulumi: Pulumi, stage: string, record: StageRecord): Promise<string[] | null> {
  const folder = mkdtempSync(join(tmpdir(), "mlops-brief-"));
  try {
    const file = join(folder, `Pulumi.${stage}.yaml`);
    const own = join(call.repo, `Pulumi.${stage}.yaml`);
    if (existsSync(own)) copyFileSync(own, file);
    else writeFileSync(file, "config: {}\n");
    const values = Object.entries(configOf(record, { plan: record.pending?.to ?? record.plan, frozen: false })).filter(
      ([, value]) => value !== "",
    );
    await pulumi.run([
      "config",
      "set-all",
      "--stack",
      stage,
      "--config-file",
      file,
      ...values.flatMap(([key, value]) => ["--plaintext", `${projectName}:${key}=${value}`]),
    ]);
    const preview = await pulumi.run(["preview", "--json", "--non-interactive", "--stack", stage, "--config-file", file]);
    const parsed = JSON.parse(preview.stdout) as { steps?: { op: string; urn: string }[] };
    const steps = (parsed.steps ?? []).filter(
      ({ op, urn }) =>
        op !== "same" && op !== "read" && !/::pulumi:/.test(urn) && !/::(?:mlops:(?!serving:EndpointRollout)\w+:\w+)::/.test(urn),
    );
    return steps.map(({ op, urn }) => `${op} ${urn.split("::")[2]!.split("$").at(-1)!.split(":").at(-1)} ${urn.split("::").at(-1)}`);
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function costs(
  call: Call,
  project: string,
  config: Record<string, string>,
  there: StageRecord,
  next: StageRecord,
): Promise<Brief["cost"]> {
  const prices = readPrices(call.repo);
  const location = config["location"] ?? "westeurope";
  if (config["target"] === "kubernetes") {
    const nodes = monthlyCost(nodesOf(config["kubernetes"]), location, prices);
    return { now: nodes, after: nodes };
  }
  const sets = config["deploymentSet"] ? (JSON.parse(config["deploymentSet"]) as string[]) : [];
  const running = async ({ releases }: StageRecord, plan: StageRecord["plan"]): Promise<Running[]> =>
    await Promise.all(
      Object.entries(plan?.versions ?? {}).map(async ([name, version]) => {
        const read = await deploymentMachines(call.repo, project, sets, releases[version]?.variant);
        const { instanceType, instances } = typeof read === "string" ? { instanceType: usualSize, instances: 1 } : read;
        return { name, instanceType, instances: name === plan?.live ? instances : 1 };
      }),
    );
  const cost = async (record: StageRecord, plan: StageRecord["plan"]): Promise<MonthlyCost> =>
    monthlyCost(await running(record, plan), location, prices);
  return { now: await cost(there, there.plan), after: await cost(next, next.pending?.to ?? next.plan) };
}

/** The nodes of the stage's own cluster, whatever runs on them; somebody else's cluster is somebody else's cost. */
function nodesOf(setting: string | undefined): Running[] {
  const { cluster, nodeSize, minNodes } = JSON.parse(setting || "{}") as { cluster?: string; nodeSize?: string; minNodes?: number };
  return cluster ? [] : [{ name: "nodes", instanceType: nodeSize ?? usualSize, instances: minNodes ?? 1 }];
}

/** For a terminal. */
export function briefText(brief: Brief): string {
  const number = (value: number | null): string => (value === null ? "–" : Number.isInteger(value) ? String(value) : value.toPrecision(5));
  const delta = (now: number | null, after: number | null): string =>
    now === null || after === null ? "" : `${after - now >= 0 ? "+" : ""}${(after - now).toPrecision(3)}`;
  const metrics = brief.metrics.map(({ name, now, after }) => [name, number(now), number(after), delta(now, after)]);
  const line = (label: string, text: string): string => `${pc.bold(label.padEnd(10))} ${text}`;
  const list = (label: string, items: readonly string[], none: string): string =>
    line(label, items.length === 0 ? none : items.join(`\n${" ".repeat(11)}`));
  return [
    line("release", `${brief.release} for ${brief.stage}, digest ${short(brief.digest)}; qa: ${brief.qa}`),
    line("serves now", brief.serves ?? "nothing"),
    table(["metric", brief.serves ?? "now", brief.release, "change"], metrics),
    list("changes", brief.changes, "same data, environments and components"),
    line("traffic", brief.traffic),
    list(
      "resources",
      brief.resources === null ? ["the preview failed; run pulumi preview to see why"] : summed(brief.resources),
      "none change",
    ),
    line("cost", `${formatCost(brief.cost.now)} → ${formatCost(brief.cost.after)} a month, both slots (release/prices.json)`),
  ].join("\n");
}

/** Many of one operation are told by their number: what is deleted or replaced is always named. */
function summed(resources: readonly string[]): string[] {
  const created = resources.filter((line) => line.startsWith("create "));
  if (created.length <= 8) return [...resources];
  const serving = created.filter((line) => /Endpoint|Deployment|Rollout/.test(line));
  return [
    ...serving,
    `create ${created.length - serving.length} others: workspace, identities, roles and what belongs to them`,
    ...resources.filter((line) => !line.startsWith("create ")),
  ];
}
