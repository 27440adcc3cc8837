// `mlops approve` and `mlops reject`: a person's word on a release, bound to its digest.
import { createInterface } from "node:readline/promises";
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";
import { type Approval, judgeApprovals, mayNotApprove } from "../core/approval.ts";
import { excludedFrom, obstacles } from "../core/history.ts";
import { briefOf, briefText } from "../flow/release/brief.ts";
import { openHistory } from "../flow/release/history.ts";
import { approvalPolicy } from "../flow/release/policy.ts";
import { chosenRelease, releaseOption } from "../flow/release/reference.ts";
import { short } from "../flow/release/story.ts";
import { projectOf } from "../open.ts";
import { pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

const stage = { flags: "--stage <stage>", description: "which stage", choices: ["auto", "qa", "prod"], default: "prod" } as const;

export const approve: Command = {
  name: "approve",
  summary: "agree that a release may go to a stage, after seeing what would change",
  details:
    "Shows the model and its metrics against what serves, changes of data and environments, traffic plan, resources and cost, then asks. " +
    "The approval is for exactly this digest, by whoever is signed in, and expires. Who trained the release or deployed it to qa cannot approve it.",
  examples: [
    "npx mlops approve --release diabetes-3 --stage prod",
    "npx mlops approve --release release.json --stage prod --yes   # asks nothing",
  ],
  options: [
    releaseOption,
    stage,
    { flags: "--reason <text>", description: "kept with the approval" },
    { flags: "--yes", description: "do not ask" },
    targetOption,
  ],
  run: (call) => decide(call, "approved"),
};

export const reject: Command = {
  name: "reject",
  summary: "say that a release must not go to a stage, and why",
  details: "One rejection stops it, however many agree, until its author approves or it expires.",
  examples: ['npx mlops reject --release diabetes-3 --stage prod --reason "drifts on the new ward"'],
  options: [releaseOption, stage, { flags: "--reason <text>", description: "why; kept in the history", required: true }, targetOption],
  run: (call) => decide(call, "rejected"),
};

async function decide(call: Call, decision: Approval["decision"]): Promise<void> {
  const stageName = option(call, "stage") ?? "prod";
  const reason = option(call, "reason");
  if (decision === "rejected" && !reason) throw new UsageError("--reason is empty; say why, for those who come after");
  const target = await chooseTarget(call);
  const pulumi = pulumiFor(call, target);
  const history = await openHistory(pulumi, target, call.out);
  const record = await chosenRelease(call, history);
  const { id, digest } = record.manifest;
  const policy = await approvalPolicy(pulumi, stageName);
  if (policy.required === 0)
    throw new CommandError(
      `stage ${stageName} needs no approval`,
      `pulumi config set --path 'azure-mlops:approval.required' 1 --stack ${stageName}`,
    );
  const by = await history.caller();
  const excluded = excludedFrom(record);
  const why = mayNotApprove(by, policy, excluded);
  if (why)
    throw new CommandError(
      `${decision === "approved" ? "not approved" : "not rejected"}: ${why}`,
      "Ask somebody else; who that may be is set by azure-mlops:approval of the stack.",
    );

  if (decision === "approved") {
    const [problem] = obstacles(record, stageName);
    if (problem) throw new CommandError(`${id} cannot be approved for ${stageName} yet: ${problem}`);
    const brief = await briefOf(call, history, pulumi, record, stageName, await projectOf(pulumi, stageName));
    call.out.print(briefText(brief));
    if (call.options["yes"] !== true && !(await confirmed(call, `Approve ${id} for ${stageName}? [y/N] `)))
      throw new CommandError("not approved", "Answer y, or give --yes where there is no terminal.");
  }
  const now = new Date();
  const expires = new Date(now.getTime() + policy.validHours * 3_600_000).toISOString();
  const approval: Approval = {
    release: id,
    digest,
    stage: stageName,
    decision,
    by,
    at: now.toISOString(),
    expires,
    ...(reason ? { reason } : {}),
  };
  await history.approve(approval);
  const approvals = await history.approvals(id, stageName);
  const verdict = judgeApprovals({ policy, release: id, digest, stage: stageName, approvals, excluded, at: now });
  call.out.print(
    `${by.name} ${decision} ${id} (digest ${short(digest)}) for ${stageName}${decision === "approved" ? `, until ${expires}` : `: ${reason}`}`,
  );
  call.out.print(
    `approvals: ${verdict.by.length} of ${policy.required}${verdict.approved ? "; it may go" : `\n${verdict.problems.map((line) => `  ${line}`).join("\n")}`}`,
  );
  if (verdict.approved) call.out.print(`next: npx mlops deploy --stage ${stageName} --release ${id}`);
  call.out.result({ approval, approved: verdict.approved, problems: verdict.problems });
}

async function confirmed(call: Call, question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y/i.test((await ask.question(question, { signal: call.signal })).trim());
  } finally {
    ask.close();
  }
}
