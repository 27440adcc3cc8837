// `mlops sync`: what each stage serves by Pulumi's own record, into this checkout's Pulumi.<stage>.yaml.
import type { Command } from "../command.ts";
import { stages } from "../open.ts";
import { projectName, pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

/** Keys that `mlops deploy` and `mlops rollback` write; all others are the checkout's own. */
const serving = [
  ...["modelName", "modelVersion", "keptVersion", "keptInstances", "slot", "slotFrozen", "release", "releaseDigest"],
  ...["variant", "keptVariant"],
] as const;

interface Update {
  readonly kind: string;
  readonly result: string;
  readonly config?: Readonly<Record<string, { readonly value?: string; readonly secret?: boolean }>>;
}

export const sync: Command = {
  name: "sync",
  summary: "take over into Pulumi.<stage>.yaml which model each stage serves",
  details:
    "Releases do not go through git: deploying writes the model version into the config of the machine that deploys. A fresh checkout (a pull request's preview, " +
    "the nightly drift check, a colleague) knows nothing of it, and its preview would take the model away. This reads those keys, and no others, from each stack's last update.",
  examples: ["npx mlops sync && npx mlops preview"],
  options: [targetOption],
  async run(call) {
    const pulumi = pulumiFor(call, await chooseTarget(call));
    const synced: Record<string, Record<string, string>> = {};
    for (const stage of stages) {
      const done = await pulumi.run(["stack", "history", "--json", "--stack", stage]);
      // A stack that was never made has no history; its preview says so itself.
      const updates = done.code === 0 ? (JSON.parse(done.stdout || "[]") as Update[]) : [];
      const last = updates.find(({ kind, result }) => (kind === "update" || kind === "destroy") && result === "succeeded");
      if (!last) continue;
      const values = last.kind === "destroy" ? {} : valuesOf(last);
      await pulumi.unsetConfig(
        stage,
        serving.filter((key) => values[key] === undefined),
      );
      if (Object.keys(values).length > 0) await pulumi.setConfig(stage, values);
      synced[stage] = values;
      call.out.print(
        `${stage}: ${values["modelVersion"] === undefined ? "serves nothing" : `${values["modelName"] ?? "model"}:${values["modelVersion"]} in slot ${values["slot"] ?? "blue"}`}`,
      );
    }
    if (Object.keys(synced).length === 0) call.out.print("no stage is up; nothing to take over");
    call.out.result(synced);
  },
};

function valuesOf({ config = {} }: Update): Record<string, string> {
  return Object.fromEntries(
    serving.flatMap((key) => {
      const entry = config[`${projectName}:${key}`];
      return entry?.value === undefined || entry.secret ? [] : [[key, entry.value]];
    }),
  );
}
