// `mlops share`: copies a release to the registry.
import type { Command } from "../command.ts";
import { openHistory } from "../flow/release/history.ts";
import { chosenRelease, releaseOption } from "../flow/release/reference.ts";
import { registryPlace, shareRelease } from "../flow/release/share.ts";
import { pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

export const share: Command = {
  name: "share",
  summary: "copy a release to the registry: model, components, environments",
  details:
    "Repeating it changes nothing; other content under a version that the registry has is refused. The model's bytes are compared after the copy.",
  examples: ["npx mlops share --release release.json", "npx mlops share --release diabetes-3 --data   # the data asset too"],
  options: [releaseOption, { flags: "--data", description: "the data asset too" }, targetOption],
  async run(call) {
    const target = await chooseTarget(call);
    const pulumi = pulumiFor(call, target);
    const history = await openHistory(pulumi, target, call.out);
    const record = await chosenRelease(call, history);
    const registry = registryPlace(history.azure.subscriptionId, await pulumi.outputs("shared"));
    const assets = await shareRelease(call, history, record, registry, call.options["data"] === true);
    const copied = assets.filter((asset) => asset.copied).length;
    call.out.print(
      `${record.manifest.id} is in registry ${registry.name}: ${copied === 0 ? "all of it was there, nothing changed" : `${copied} of ${assets.length} assets copied, the others were there`}`,
    );
    call.out.print(`next: npx mlops deploy --stage auto --release ${record.manifest.id}`);
    call.out.result({ release: record.manifest.id, registry: registry.name, assets });
  },
};
