// `mlops destroy`: takes a stage down with Pulumi, after it has said what will be lost; leaves nothing that blocks the next `up`.
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { type Call, type Command, CommandError, option } from "../command.ts";
import { leftovers, protectedIn, type StackState, stateOf } from "../flow/destroy/stack.ts";
import { backUp } from "../flow/destroy/backup.ts";
import { endStage } from "../flow/destroy/endStage.ts";
import { sharedLosses, workspaceLosses } from "../flow/destroy/losses.ts";
import { registryId, workspaceId } from "../../azure/ids.ts";
import { type StackName, stackNames, type Subject, subjectOf } from "../flow/doctor/subject.ts";
import { type History, openHistory } from "../flow/release/history.ts";
import { stages } from "../open.ts";
import { modelConfig, type Pulumi, pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

export const destroy: Command = {
  name: "destroy",
  summary: "take a stage down: says what will be lost, backs up the history of releases, leaves no name behind",
  details:
    "Deleted workspaces and vaults are purged or kept as azure-mlops:onDestroy and purgeProtection say; either way the next up takes the same names. " +
    "Killed at any moment, the same command goes on. Prod's data is protected: --unprotect takes that away first.",
  examples: [
    "npx mlops destroy --stage dev",
    "npx mlops destroy --stage dev --yes   # asks nothing",
    "npx mlops destroy --stage prod --unprotect",
  ],
  options: [
    { flags: "--stage <stage>", description: "which stage", choices: stackNames, required: true },
    { flags: "--backup <file>", description: "where the history of releases goes; default: backups/history-<stage>-<time>.json" },
    { flags: "--unprotect", description: "also what the stack protects, such as prod's storage" },
    { flags: "--yes", description: "do not ask" },
    targetOption,
  ],
  async run(call) {
    const stage = (option(call, "stage") ?? "dev") as StackName;
    const target = await chooseTarget(call);
    const pulumi = pulumiFor(call, target);
    const subject = subjectOf({ stage, target, pulumi, repo: call.repo, signal: call.signal });
    const state = await stateOf(pulumi, stage);
    if (!state || state.resources.length === 0) return finish(call, subject, { destroyed: false, lost: [], backup: undefined });
    await refuseWhileUsed(pulumi, stage);
    const kept = protectedIn(state);
    if (kept.length > 0 && call.options["unprotect"] !== true)
      throw new CommandError(
        `${stage} protects ${kept.join(", ")}`,
        `They hold data. mlops destroy --stage ${stage} --unprotect destroys them all the same.`,
      );
    const history = await openHistory(pulumi, target).catch(() => undefined);
    const lost = await said(call, subject, state, history);
    if (call.options["yes"] !== true && !(await confirmed(call, stage)))
      throw new CommandError("not destroyed", "Type the stage's name, or give --yes.");
    const backup = history && (await backedUp(call, history, stage));
    const work = async (): Promise<void> => {
      if (kept.length > 0) await unprotect(pulumi, stage);
      await pulumi.destroy(stage, { alone: history !== undefined });
      // The shared stack's history went with it.
      if (history && stage !== "shared") await endStage(history, stage, "the stage was destroyed");
    };
    // A run that was killed lets go after half a minute.
    const hold = { wait: 45, signal: call.signal, say: (line: string) => call.out.progress(line) };
    await (history && stage !== "shared" ? history.holding(stage, hold, work) : work());
    await finish(call, subject, { destroyed: true, lost, backup });
  },
};

async function unprotect(pulumi: Pulumi, stage: string): Promise<void> {
  const { code, stderr } = await pulumi.run(["state", "unprotect", "--all", "--yes", "--stack", stage]);
  if (code !== 0) throw new CommandError(`pulumi state unprotect --stack ${stage} ended with ${code}: ${stderr.trim()}`);
}

/** What other stacks stand on cannot go before them. */
async function refuseWhileUsed(pulumi: Pulumi, stage: StackName): Promise<void> {
  const users = stage === "shared" ? stages : stage === "dev" ? (["auto"] as const) : [];
  for (const other of users) {
    if (((await stateOf(pulumi, other))?.resources.length ?? 0) === 0) continue;
    const what = stage === "shared" ? `uses what "shared" owns` : "has its endpoint in dev's workspace";
    throw new CommandError(`stage ${other} is up and ${what}`, `mlops destroy --stage ${other} first`);
  }
}

async function said(call: Call, subject: Subject, { resources }: StackState, history: History | undefined): Promise<string[]> {
  const { stage, target } = subject;
  const [{ azure }, { group, names }] = await Promise.all([subject.login(), subject.place()]);
  const ref = { subscriptionId: azure.subscriptionId, resourceGroupName: group, workspaceName: names.workspace };
  const lost =
    stage === "shared"
      ? await sharedLosses(azure, registryId(azure.subscriptionId, group, names.registry), history, call.signal)
      : stage === "auto"
        ? []
        : await workspaceLosses(azure, workspaceId(ref), call.signal);
  const what = stage === "auto" ? `the endpoint ${names.endpoint}` : `${group} with everything in it`;
  call.out.progress(`${target.kind}: destroys stack ${stage}: ${what}, ${resources.length} resources`);
  for (const line of lost) call.out.progress(`  lost: ${line}`);
  return lost;
}

async function backedUp(call: Call, history: History, stage: string): Promise<string> {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const file = resolve(call.repo, option(call, "backup") ?? join("backups", `history-${stage}-${time}.json`));
  const { releases, approvals } = await backUp(history, stage, file);
  const name = relative(call.repo, file);
  call.out.progress(`history of releases backed up to ${name}: ${releases.length} releases, ${approvals.length} approvals`);
  return name;
}

interface End {
  readonly destroyed: boolean;
  readonly lost: readonly string[];
  readonly backup: string | undefined;
}

/** What a killed run may not have come to as well: config that names a model that is gone, names that are still held. */
async function finish(call: Call, subject: Subject, { destroyed, lost, backup }: End): Promise<void> {
  const { stage, pulumi } = subject;
  if ((await subject.config()).made) await pulumi.unsetConfig(stage, modelConfig);
  const { purged, kept } = await leftovers(subject);
  for (const line of purged) call.out.print(`purged ${line}`);
  for (const line of kept) call.out.print(line);
  call.out.print(
    destroyed
      ? `${stage} is gone. \`pulumi up --stack ${stage}\` makes it again under the same names.`
      : `${stage} is not up; nothing to destroy.`,
  );
  call.out.result({ stage, destroyed, lost, ...(backup === undefined ? {} : { backup }), purged, kept });
}

async function confirmed(call: Call, stage: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await ask.question(`Type "${stage}" to go on: `, { signal: call.signal })).trim() === stage;
  } finally {
    ask.close();
  }
}
