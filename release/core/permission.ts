// May a stage serve a release? One answer for the command, the stack program and the policy pack.
import { type Approval, type ApprovalPolicy, judgeApprovals } from "./approval.ts";
import { excludedFrom, firstDeployed, goodReceipt, obstacles, type ReleaseRecord } from "./history.ts";

/** What a stack is configured to serve. */
export interface Wanted {
  readonly stage: string;
  readonly modelName?: string | undefined;
  readonly modelVersion: string;
  readonly release?: string | undefined;
  readonly releaseDigest?: string | undefined;
}

export interface Known {
  /** The release that `wanted.release` names, from the history. */
  readonly record: ReleaseRecord | undefined;
  readonly approvals: readonly Approval[];
  readonly policy: ApprovalPolicy;
  readonly now: Date;
}

/** Why not, a sentence each; none when it may. Approvals of a release that has served in the stage before are judged as of then. */
export function refusals(wanted: Wanted, known: Known): string[] {
  const { stage, modelVersion, modelName, release, releaseDigest } = wanted;
  const { record } = known;
  if (!release || !releaseDigest)
    return [`model version ${modelVersion} is no approved release: the config names no release and releaseDigest`];
  if (!record) return [`the history has no release ${release}`];
  const { manifest } = record;
  if (manifest.digest !== releaseDigest)
    return [
      `release ${release} of the history has the digest ${manifest.digest.slice(0, 12)}…, the config names ${releaseDigest.slice(0, 12)}…`,
    ];
  if (manifest.model.version !== modelVersion || (modelName !== undefined && manifest.model.name !== modelName)) {
    return [
      `release ${release} is ${manifest.model.name}:${manifest.model.version}, the config names ${modelName ?? "model"}:${modelVersion}`,
    ];
  }
  return [
    ...obstacles(record, stage),
    ...approvalProblems(stage, { ...known, record }),
    ...(goodReceipt(record, stage) ? [] : [`the bytes that ${stage} would serve were not compared with those of ${release}`]),
  ];
}

/** What is missing of the approvals; none when they are there. */
export function approvalProblems(stage: string, { record, approvals, policy, now }: Known & { record: ReleaseRecord }): string[] {
  const { id, digest } = record.manifest;
  const at = firstDeployed(record, stage) ?? now;
  const verdict = judgeApprovals({ policy, release: id, digest, stage, approvals, excluded: excludedFrom(record), at });
  return verdict.approved ? [] : [...verdict.problems];
}
