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
  /** What is wrong with the signature of that release; undefined when it is good. */
  readonly signature: string | undefined;
  readonly approvals: readonly Approval[];
  readonly policy: ApprovalPolicy;
  readonly now: Date;
}

/**
 * Why not, a sentence each; none when it may. Approvals of a release that has served in the stage before are judged as of then. A stage
 * that needs no approval may serve what is no release; where its config names one, it has to be that one.
 */
export function refusals(wanted: Wanted, known: Known): string[] {
  const { stage, release } = wanted;
  const { record, policy } = known;
  if (policy.required === 0 && release === undefined) return [];
  const others = identityProblems(wanted, known);
  if (others.length > 0 || !record || policy.required === 0) return others;
  return [
    ...obstacles(record, stage),
    ...approvalProblems(stage, { ...known, record }),
    ...(goodReceipt(record, stage) ? [] : [`the bytes that ${stage} would serve were not compared with those of ${release}`]),
  ];
}

/** Is it the release that the config names, as it was signed? */
function identityProblems(wanted: Wanted, { record, signature }: Known): string[] {
  const { modelVersion, modelName, release, releaseDigest } = wanted;
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
  return signature === undefined ? [] : [signature];
}

/** What is missing of the approvals; none when they are there. */
export function approvalProblems(
  stage: string,
  { record, approvals, policy, now }: Omit<Known, "signature"> & { record: ReleaseRecord },
): string[] {
  const { id, digest } = record.manifest;
  const at = firstDeployed(record, stage) ?? now;
  const verdict = judgeApprovals({ policy, release: id, digest, stage, approvals, excluded: excludedFrom(record), at });
  return verdict.approved ? [] : [...verdict.problems];
}
