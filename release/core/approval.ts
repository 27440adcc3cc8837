// Approvals: whether enough of the right people have said yes to exactly these bytes, recently enough.
import { z } from "zod";
import { type Person, Person as PersonSchema, samePerson } from "./person.ts";

export const Approval = z.strictObject({
  release: z.string(),
  /** Digest of the manifest that was shown. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  stage: z.string(),
  decision: z.enum(["approved", "rejected"]),
  by: PersonSchema,
  at: z.iso.datetime({ offset: true }),
  /** From then on it does not count. */
  expires: z.iso.datetime({ offset: true }),
  reason: z.string().optional(),
});
export type Approval = Readonly<z.infer<typeof Approval>>;

/** `approval` of a stage's settings. */
export interface ApprovalPolicy {
  /** How many different people. 0: the stage needs no approval. */
  readonly required: number;
  readonly validHours: number;
  /** Entra object ids of those who may; empty: anyone who can write approvals. */
  readonly approvers: readonly string[];
}

/** Someone whose word does not count for this release. */
export interface Excluded {
  readonly person: Person;
  /** `trained it`, `deployed it to qa` */
  readonly why: string;
}

export interface ApprovalQuestion {
  readonly policy: ApprovalPolicy;
  readonly release: string;
  readonly digest: string;
  readonly stage: string;
  readonly approvals: readonly Approval[];
  readonly excluded: readonly Excluded[];
  /** When the approvals have to hold: now, or, for a release that has been live there, when it first became so. */
  readonly at: Date;
}

export interface ApprovalVerdict {
  readonly approved: boolean;
  readonly by: readonly Person[];
  /** One sentence each: what is missing, and why something that is there does not count. */
  readonly problems: readonly string[];
}

/** Decides. The last word of each person is the one that counts. */
export function judgeApprovals(question: ApprovalQuestion): ApprovalVerdict {
  const { policy, approvals, release, stage } = question;
  const problems: string[] = [];
  const yes: Person[] = [];
  let rejected = false;
  for (const approval of lastWords(approvals.filter((one) => one.stage === stage && one.release === release))) {
    const why = doesNotCount(approval, question);
    if (why)
      problems.push(`${approval.decision === "approved" ? "the approval" : "the rejection"} by ${approval.by.name} does not count: ${why}`);
    else if (approval.decision === "approved") yes.push(approval.by);
    else {
      rejected = true;
      problems.push(`${approval.by.name} rejected it${approval.reason ? `: ${approval.reason}` : ""}`);
    }
  }
  if (yes.length < policy.required) problems.unshift(`${yes.length} of ${policy.required} approvals of ${release} for ${stage}`);
  return { approved: !rejected && yes.length >= policy.required, by: yes, problems };
}

/** Why someone may not approve, before they try; undefined when they may. */
export function mayNotApprove(person: Person, policy: ApprovalPolicy, excluded: readonly Excluded[]): string | undefined {
  const own = excluded.filter((one) => samePerson(one.person, person));
  if (own.length > 0) return `${person.name} ${own.map(({ why }) => why).join(" and ")}, and someone else has to agree`;
  if (policy.approvers.length > 0 && !policy.approvers.some((id) => samePerson({ id }, person)))
    return `${person.name} (${person.id}) is not among the approvers of the stage's settings`;
  return undefined;
}

/** Answers the question of one approval; undefined when it counts. */
function doesNotCount(approval: Approval, { policy, digest, excluded, at }: ApprovalQuestion): string | undefined {
  if (approval.digest !== digest)
    return `it is for other content (digest ${approval.digest.slice(0, 12)}…, this is ${digest.slice(0, 12)}…)`;
  if (Date.parse(approval.expires) <= at.getTime()) return `it expired at ${approval.expires}`;
  // Written by hand into the future, it would outlive its time.
  const longest = Date.parse(approval.at) + policy.validHours * 3_600_000;
  if (longest <= at.getTime()) return `it is older than the ${policy.validHours} hours that approvals hold`;
  // Clocks of two machines are never quite the same.
  if (Date.parse(approval.at) > at.getTime() + 300_000) return `it is dated ${approval.at}, which is later than it had to be given`;
  return mayNotApprove(approval.by, policy, excluded);
}

function lastWords(approvals: readonly Approval[]): Approval[] {
  const byPerson = new Map<string, Approval>();
  for (const approval of approvals) {
    const key = approval.by.id.toLowerCase();
    const before = byPerson.get(key);
    if (!before || Date.parse(before.at) <= Date.parse(approval.at)) byPerson.set(key, approval);
  }
  return [...byPerson.values()].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
