// `mlops releases`: where each release is, who approved it, what serves where.
import { type Command, UsageError } from "../command.ts";
import { stageState, whereabouts } from "../core/history.ts";
import { otherSlot } from "../core/slots.ts";
import { serving } from "../core/stageRecord.ts";
import { compareVersions } from "../core/versions.ts";
import { openHistory } from "../flow/release/history.ts";
import { short, verdictLines } from "../flow/release/story.ts";
import { pulumiFor } from "../pulumi.ts";
import { table } from "../table.ts";
import { chooseTarget, targetOption } from "../target.ts";

const stages = ["auto", "qa", "prod"] as const;

export const releases: Command = {
  name: "releases",
  summary: "list the releases: where each is, who approved it, what serves where",
  examples: ["npx mlops releases", "npx mlops releases --json", "npx mlops releases show diabetes-3"],
  options: [targetOption],
  async run(call) {
    const target = await chooseTarget(call);
    const history = await openHistory(pulumiFor(call, target), target);
    const [all, live] = await Promise.all([history.releases(), Promise.all(stages.map((stage) => history.stage(stage)))]);
    const newestFirst = all.toSorted((a, b) => compareVersions(b.manifest.id, a.manifest.id));
    const rows = await Promise.all(
      newestFirst.map(async (record) => {
        const { id, model, created } = record.manifest;
        const approvals = (await history.approvals(id, "prod")).filter(({ digest }) => digest === record.manifest.digest);
        return {
          record,
          row: [
            id,
            `${model.name}:${model.version}`,
            created.at.slice(0, 16).replace("T", " "),
            whereabouts(record, stages),
            approvals.map(({ by, decision }) => `${by.name} ${decision}`).join(", ") || "–",
          ],
        };
      }),
    );
    call.out.print(
      table(
        ["release", "model", "made", "where", "approvals for prod"],
        rows.map(({ row }) => row),
      ),
    );
    const lines = live.map((record) => {
      const { stage, plan, pending } = record;
      const now = serving(record);
      const kept = plan && plan.versions[otherSlot(plan.live)];
      const underWay = pending ? `; ${pending.release} is being deployed since ${pending.since}` : "";
      return `${stage.padEnd(5)} ${now ? `${now.release} in slot ${plan!.live}${kept === undefined ? "" : `, version ${kept} is kept to go back to`}` : "serves nothing"}${underWay}`;
    });
    call.out.print(`\n${lines.join("\n")}`);
    call.out.result({
      releases: newestFirst.map(({ manifest, events }) => ({
        id: manifest.id,
        digest: manifest.digest,
        passed: manifest.gate.passed,
        stages: Object.fromEntries(stages.map((stage) => [stage, stageState(events, stage)])),
      })),
      stages: live,
    });
  },
};

export const showRelease: Command = {
  name: "releases show",
  summary: "everything about one release: evidence, gate, events, approvals",
  examples: ["npx mlops releases show diabetes-3", "npx mlops releases show diabetes-3 --json"],
  arguments: [{ name: "<id>", description: "the release's id, as `mlops releases` lists it" }],
  options: [targetOption],
  async run(call) {
    const [id = ""] = call.args;
    const target = await chooseTarget(call);
    const history = await openHistory(pulumiFor(call, target), target);
    const record = await history.release(id);
    if (!record) throw new UsageError(`the history has no release ${id}; \`mlops releases\` lists them`);
    const { manifest, events } = record;
    const unsigned = await history.key.problem(manifest, call.signal).catch((error: Error) => error.message);
    const approvals = (await Promise.all(stages.map((stage) => history.approvals(id, stage)))).flat();
    const { model, run, data, code } = manifest;
    call.out.print(`${id}  digest ${manifest.digest}`);
    call.out.print(
      `model ${model.name}:${model.version}, ${model.files.length} files, digest ${short(model.digest)}; job ${run.job}; data ${data.map(({ name, version }) => `${name}:${version}`).join(", ")}; commit ${code.commit?.slice(0, 10) ?? "unknown"}${code.dirty ? " with local changes" : ""}`,
    );
    if (manifest.gate.passed) call.out.print(`signature ${unsigned ?? `good, by ${manifest.signature?.key}`}`);
    call.out.print(verdictLines(manifest.gate.verdicts));
    for (const { at, by, kind, stage, passed, note } of events) {
      call.out.print(
        `${at.slice(0, 19).replace("T", " ")}  ${(stage ?? "").padEnd(5)} ${kind}${passed === false ? " NO" : ""}${note ? `: ${note}` : ""}  (${by.name})`,
      );
    }
    for (const { at, by, stage, decision, reason, digest, expires } of approvals) {
      call.out.print(
        `${at.slice(0, 19).replace("T", " ")}  ${stage.padEnd(5)} ${decision} by ${by.name}${reason ? `: ${reason}` : ""}${digest === manifest.digest ? `, until ${expires.slice(0, 16)}` : ", for other content"}`,
      );
    }
    call.out.result({
      manifest,
      events,
      approvals,
      signature: { good: unsigned === undefined, ...(unsigned ? { problem: unsigned } : {}) },
    });
  },
};
