// `mlops preview`: every stage's `pulumi preview` with the policy pack, told in the words of machine learning.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Call, type Command, CommandError, option, optionList } from "../command.ts";
import type { ReleaseManifest } from "../core/manifest.ts";
import { readPreview, type StagePreview } from "../core/previewEvents.ts";
import { previewReport } from "../core/previewReport.ts";
import { readPrices } from "../flow/prices.ts";
import { openHistory } from "../flow/release/history.ts";
import { stages } from "../open.ts";
import { type Pulumi, pulumiFor } from "../pulumi.ts";
import { chooseTarget, type Target, targetOption } from "../target.ts";

const all = ["shared", ...stages] as const;

export const preview: Command = {
  name: "preview",
  summary: "what would change in every stage: models, metrics, data, traffic, cost, what is lost",
  details:
    "Runs pulumi preview with the policy pack and changes nothing. Fails when a preview fails or policy refuses it, after all stages have been looked at. " +
    "In a fresh checkout run `mlops sync` first: which model a stage serves is not in git.",
  examples: ["npx mlops preview --stage prod", "npx mlops preview --markdown preview.md   # all stages, for a pull request's comment"],
  options: [
    { flags: "--stage <stage>", description: "which stack; default: all", choices: all, repeatable: true },
    { flags: "--markdown <file>", description: "writes the report there too" },
    targetOption,
  ],
  async run(call) {
    const target = await chooseTarget(call);
    const env = { ...target.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" };
    const pulumi = pulumiFor(call, { ...target, env });
    const asked = optionList(call, "stage");
    const previews: StagePreview[] = [];
    for (const stage of asked.length > 0 ? asked : all) {
      call.out.progress(`preview  ${stage} …`);
      const done = await pulumi.run(["preview", "--json", "--non-interactive", "--policy-pack", "policy", "--stack", stage]);
      const found = readPreview(stage, done.stdout, done.code);
      const said = done.stderr.trim();
      previews.push(found.errors.length > 0 && said !== "" ? { ...found, errors: [...found.errors, said] } : found);
    }
    const releases = await releasesOf(call, pulumi, target);
    const report = previewReport(
      previews,
      (model, version) => releases.find((one) => one.model.name === model && one.model.version === version),
      readPrices(call.repo),
    );
    const file = option(call, "markdown");
    if (file) writeFileSync(resolve(call.repo, file), report);
    call.out.print(report);
    call.out.result({ previews: previews.map(({ same: _same, ...rest }) => rest), markdown: report });
    const refused = previews.filter(({ errors, violations }) => errors.length > 0 || violations.some(({ mandatory }) => mandatory));
    if (refused.length > 0)
      throw new CommandError(
        `${refused.map(({ stage }) => stage).join(", ")}: the preview failed or policy refuses it`,
        "The report says why.",
      );
  },
};

/** Without a history (the shared stack is not up yet, or may not be read) there are no metrics, and that is said. */
async function releasesOf(call: Call, pulumi: Pulumi, target: Target): Promise<ReleaseManifest[]> {
  try {
    const history = await openHistory(pulumi, target);
    return (await history.releases()).map(({ manifest }) => manifest);
  } catch (error) {
    call.out.progress(`preview  no metrics: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
