// What a change would do, in the words of machine learning: models and their metrics, data, environments, traffic, cost, what is lost.
import { type MonthlyCost, monthlyCost, type PriceTable, runningOf } from "./cost.ts";
import type { ReleaseManifest } from "./manifest.ts";
import type { Change, Inputs, StagePreview } from "./previewEvents.ts";

/** Manifest of a model version, when the history has one. */
export type FindRelease = (model: string, version: string) => ReleaseManifest | undefined;

/** Found by GitHub and Azure DevOps comments again: one comment a pull request, kept up to date. */
export const marker = "<!-- mlops preview -->";

/** Types that hold data: their loss is said loudly. */
const stateful = new Set(["ResourceGroup", "StorageAccount", "Vault", "Workspace", "Registry", "BlobContainer"]);
/** What the words of the report speak of already. */
const spokenOf = new Set(["OnlineDeployment", "AssetVersion", "EndpointRollout"]);

/** Markdown of all stages. */
export function previewReport(stages: readonly StagePreview[], find: FindRelease, prices: PriceTable): string {
  const quiet = stages.filter(isQuiet).map(({ stage }) => stage);
  const loud = stages.filter((one) => !isQuiet(one)).map((one) => section(one, find, prices));
  const rest = quiet.length > 0 ? [`No change in ${quiet.join(", ")}.`] : [];
  return `${[marker, "## What this change does", ...loud, ...rest].join("\n\n")}\n`;
}

const isQuiet = ({ changes, violations, errors }: StagePreview): boolean => changes.length + violations.length + errors.length === 0;

function section(preview: StagePreview, find: FindRelease, prices: PriceTable): string {
  const { stage, changes, violations, errors } = preview;
  const mandatory = violations.filter((one) => one.mandatory);
  const advisory = violations.filter((one) => !one.mandatory);
  const parts = [
    `### ${stage}`,
    ...errors.map((error) => `> **The preview failed:** ${error.split("\n").join("\n> ")}`),
    list(
      "**Refused by policy**",
      mandatory.map(({ rule, message }) => `\`${rule}\`: ${message}`),
    ),
    ...models(preview, find),
    list("Data, environments and components", assets(changes)),
    list("Traffic", traffic(changes)),
    cost(preview, prices),
    losses(changes),
    others(changes),
    list(
      "To know",
      advisory.map(({ rule, message }) => `\`${rule}\`: ${message}`),
    ),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

const list = (title: string, items: readonly string[]): string =>
  items.length === 0 ? "" : `${title}\n${items.map((item) => `- ${item}`).join("\n")}`;

/** `…/models/diabetes/versions/7` → `diabetes`, `7` */
function modelOf(inputs: Inputs | undefined): { name: string; version: string } | undefined {
  const id = (inputs?.["properties"] as { model?: unknown } | undefined)?.model;
  const [, name, version] = typeof id === "string" ? (/\/models\/([^/]+)\/versions\/([^/]+)$/.exec(id) ?? []) : [];
  return name && version ? { name, version } : undefined;
}

/** Each model that comes, against the one that goes: the slots' versions, with the metrics of their releases. */
function models({ changes, same }: StagePreview, find: FindRelease): string[] {
  const deployments = [...changes, ...same].filter(({ type }) => type === "OnlineDeployment");
  const versions = (side: "before" | "after") =>
    deployments.flatMap((change) => (side === "after" && change.kind === "delete" ? [] : (modelOf(change[side]) ?? [])));
  const label = (model: { name: string; version: string }): string => `${model.name}:${model.version}`;
  const [before, after] = [versions("before"), versions("after")];
  const coming = after.filter((model) => !before.some((one) => label(one) === label(model)));
  const going = before.filter((model) => !after.some((one) => label(one) === label(model)));
  const parts: string[] = [];
  for (const model of coming) {
    const old = before.toSorted((a, b) => Number(a.version) - Number(b.version)).at(-1);
    parts.push(`**Model ${old ? `${label(old)} → ` : ""}${label(model)}**${old ? "" : ", the first one there"}`);
    const [then, now] = [find(model.name, model.version), old && find(old.name, old.version)];
    parts.push(then ? metricTable(then, now) : `_The history has no release of ${label(model)}, so there are no metrics to compare._`);
  }
  if (going.length > 0) parts.push(`No longer deployed: ${going.map(label).join(", ")}`);
  return parts;
}

function metricTable(then: ReleaseManifest, now: ReleaseManifest | undefined): string {
  const number = (value: number | undefined): string => (value === undefined ? "–" : String(Number(value.toPrecision(5))));
  const change = (from: number | undefined, to: number | undefined): string =>
    from === undefined || to === undefined ? "" : `${to >= from ? "+" : "−"}${Number(Math.abs(to - from).toPrecision(3))}`;
  const names = [...new Set([...Object.keys(now?.run.metrics ?? {}), ...Object.keys(then.run.metrics)])].toSorted();
  const rows = names.map((name) => {
    const [from, to] = [now?.run.metrics[name], then.run.metrics[name]];
    return `| ${name} | ${number(from)} | ${number(to)} | ${change(from, to)} |`;
  });
  const data = then.data.map(({ name, version }) => `${name}:${version}`).join(", ");
  return [
    `| metric | ${now ? now.id : "now"} | ${then.id} | change |`,
    "|---|---|---|---|",
    ...rows,
    "",
    `Trained on ${data || "no named data"}; gate ${then.gate.passed ? "passed" : "**failed**"}.`,
  ].join("\n");
}

const words: Readonly<Record<string, string>> = {
  environments: "environment",
  components: "component",
  data: "data",
  models: "model",
  codes: "code",
};

function assets(changes: readonly Change[]): string[] {
  return changes
    .filter(({ type }) => type === "AssetVersion")
    .map(({ before, after, kind }) => {
      const of = (after ?? before)!;
      const what = `${words[textOf(of["collection"], "")] ?? "asset"} ${textOf(of["name"], "without a name")}`;
      const [from, to] = [before?.["version"], after?.["version"]].map((version) => (typeof version === "string" ? version : undefined));
      if (kind === "delete") return `${what}: version ${from} leaves the stack`;
      return from === undefined || from === to
        ? `${what}: ${from === to ? "sent again" : `new, version ${to}`}`
        : `${what}: ${from} → ${to}`;
    });
}

function traffic(changes: readonly Change[]): string[] {
  const split = (inputs: Inputs | undefined): string => {
    const shares = Object.entries((inputs?.["traffic"] ?? {}) as Record<string, number>).filter(([, percent]) => percent > 0);
    return shares.length === 0 ? "none" : shares.map(([slot, percent]) => `${slot} ${percent} %`).join(", ");
  };
  return changes
    .filter(({ type }) => type === "EndpointRollout")
    .map(({ before, after, kind }) => {
      if (kind === "delete") return `${split(before)} → none: the endpoint goes`;
      const { steps, bakeSeconds } = (after ?? {}) as { steps?: readonly number[]; bakeSeconds?: number };
      const way = steps ? `, in steps of ${steps.join(" → ")} %${bakeSeconds ? `, each watched for ${bakeSeconds} s` : ""}` : "";
      return split(before) === split(after) && before ? `${split(after)}, as before${way}` : `${split(before)} → ${split(after)}${way}`;
    });
}

/** A month of all deployments and nodes, all the time; clusters that scale to nothing are not in it. */
function cost({ changes, same }: StagePreview, prices: PriceTable): string {
  const paid = ({ type }: Change): boolean => type === "OnlineDeployment" || type === "ManagedCluster";
  const all = [...changes, ...same].filter(paid);
  if (!changes.some(paid)) return "";
  const total = (side: "before" | "after"): MonthlyCost => {
    const there = all
      .filter((change) => !(side === "after" && change.kind === "delete"))
      .flatMap(({ type, [side]: inputs }) => (inputs === undefined ? [] : [{ type, inputs }]));
    const location = textOf(there[0]?.inputs["location"], "westeurope");
    return monthlyCost(
      there.flatMap(({ type, inputs }) => runningOf(type, inputs)),
      location,
      prices,
    );
  };
  const [before, after] = [total("before"), total("after")];
  const text = ({ currency, total }: MonthlyCost): string => `${currency} ${total.toFixed(2)}`;
  const unknown = after.unknown.length > 0 ? `; no price known for ${after.unknown.join(", ")}` : "";
  return `Cost of the deployments: ${text(before)} → **${text(after)}** a month${unknown}`;
}

const textOf = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);

function losses(changes: readonly Change[]): string {
  const lost = changes.filter(
    ({ kind, type }) => (kind === "delete" || kind === "replace") && type !== "AssetVersion" && type !== "EndpointRollout",
  );
  const items = lost.map(({ kind, type, name, fields }) => {
    const word = kind === "delete" ? "deleted" : `replaced${fields.length > 0 ? ` (${fields.join(", ")})` : ""}`;
    return stateful.has(type) ? `⚠️ **${type} ${name} is ${word}, with all that is in it**` : `${type} ${name} is ${word}`;
  });
  return list("Replaced or deleted", items);
}

function others(changes: readonly Change[]): string {
  const rest = changes.filter(({ type, kind }) => !spokenOf.has(type) && (kind === "create" || kind === "update"));
  if (rest.length === 0) return "";
  const lines = rest.map(
    ({ kind, type, name, fields }) => `- ${kind} ${type} ${name}${kind === "update" && fields.length > 0 ? `: ${fields.join(", ")}` : ""}`,
  );
  return [
    `<details><summary>${rest.length} other ${rest.length === 1 ? "resource" : "resources"} created or updated</summary>`,
    "",
    ...lines,
    "",
    "</details>",
  ].join("\n");
}
