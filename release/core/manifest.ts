// The release manifest, release.json: one model version with its evidence, under a digest of its own.
import { z } from "zod";
import { type Variant, variants } from "../../assets/variants.ts";
import { jsonDigest, sha256 } from "./digest.ts";
import { Person } from "./person.ts";
import { Signature, signedBytes } from "./signature.ts";

const sha = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in 64 hex digits");
const time = z.iso.datetime({ offset: true });
const version = z.strictObject({ name: z.string().min(1), version: z.string().min(1) });

/** One rule of the gate and what came of it. */
export const GateVerdict = z.strictObject({
  /** As in gate.yml: `metrics.r2`, `live.rmse`, `data.min_rows`, `smoke_test`. */
  rule: z.string(),
  passed: z.boolean(),
  /** For people: the value, the rule. */
  message: z.string(),
});
export type GateVerdict = Readonly<z.infer<typeof GateVerdict>>;

/** Everything that never changes: what digest and signature are of. Lists are in order of their names, so that the same release has the same bytes. */
export const ManifestBody = z.strictObject({
  schema: z.literal("mlops-release/1").meta({ description: "form of this document" }),
  id: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/)
    .meta({ description: "name of the release: <model>-<version>" }),
  model: z.strictObject({
    name: z.string().min(1),
    version: z.string().min(1),
    type: z.string().meta({ description: "mlflow_model, custom_model or triton_model" }),
    files: z.array(z.strictObject({ path: z.string().min(1), size: z.int().min(0), sha256: sha })).min(1),
    digest: sha.meta({ description: "SHA-256 of the files' listing as sha256sum prints it, in order of the paths" }),
  }),
  run: z.strictObject({
    workspace: z.string().meta({ description: "ARM id of the workspace it was made in" }),
    job: z.string(),
    variant: z
      .enum(variants)
      .optional()
      .meta({ description: "how the model is made, and so which files of the project judge, serve and test it; absent: pipeline" }),
    parameters: z.record(z.string(), z.string()),
    metrics: z.record(z.string(), z.number()).meta({ description: "metrics.json of the evaluation" }),
    trainedBy: z.array(Person).meta({ description: "who ran the job; they cannot approve" }),
  }),
  gate: z.strictObject({
    passed: z.boolean(),
    rules: sha.meta({ description: "digest of gate.yml's content" }),
    verdicts: z.array(GateVerdict),
  }),
  data: z.array(version.extend({ sha256: sha.optional() })),
  environments: z.array(version),
  components: z.array(version),
  code: z.strictObject({ commit: z.string().nullable(), dirty: z.boolean(), repository: z.string().nullable() }),
  created: z.strictObject({ at: time, by: Person }),
});
export type ManifestBody = z.infer<typeof ManifestBody>;

export const ReleaseManifest = ManifestBody.extend({
  digest: sha.meta({ description: "SHA-256 of this document without digest and signature, as canonical JSON (sorted keys, no spaces)" }),
  signature: Signature.optional().meta({ description: "over the same, by the release key; only what passed the gate is signed" }),
}).meta({
  title: "Release manifest",
  description: "One model version with its evidence; made by `mlops train`, taken by every later step.",
});
export type ReleaseManifest = z.infer<typeof ReleaseManifest>;

/** `diabetes`, `7` → `diabetes-7` */
export const releaseId = (model: string, modelVersion: string): string => `${model}-${modelVersion}`;

/** Puts the digest on. */
export function sealed(body: ManifestBody): ReleaseManifest {
  const checked = ManifestBody.parse(body);
  return { ...checked, digest: jsonDigest(checked) };
}

/** A manifest that cannot be relied on; the message says why. */
export class ManifestProblem extends Error {}

/** Reads release.json. @throws ManifestProblem when it is no manifest, or not what its digest says */
export function readManifest(text: string, source: string): ReleaseManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ManifestProblem(`${source} is not JSON: ${(error as Error).message}`);
  }
  const read = ReleaseManifest.safeParse(value);
  if (!read.success) {
    const lines = read.error.issues.slice(0, 5).map(({ path, message }) => `  ${path.join(".") || "(document)"}: ${message}`);
    throw new ManifestProblem(`${source} is not a release manifest\n${lines.join("\n")}`);
  }
  const { digest } = read.data;
  const actual = sha256(signedBytes(read.data));
  if (actual !== digest)
    throw new ManifestProblem(
      `${source} was changed after it was made: its content has the digest ${actual.slice(0, 12)}…, it says ${digest.slice(0, 12)}…`,
    );
  return read.data;
}

/** The same model with the same evidence, whenever and by whoever it was written down. */
export function sameEvidence(a: ManifestBody, b: ManifestBody): boolean {
  const evidence = ({ model, run, gate, data, environments, components }: ManifestBody) =>
    jsonDigest({ model, run, gate: gate.verdicts, data, environments, components });
  return evidence(a) === evidence(b);
}

/** What a model version says, as tags and properties, of the release that it belongs to. */
export const releaseLabels = ({ id, digest, signature, model, run }: ReleaseManifest): Record<string, string> => ({
  "mlops.release": id,
  "mlops.releaseDigest": digest,
  "mlops.modelDigest": model.digest,
  "mlops.job": run.job,
  ...(signature ? { "mlops.signature": signature.value, "mlops.signatureKey": signature.key } : {}),
});

/** How the release's model is made. */
export const variantOfRelease = ({ run }: ManifestBody): Variant => run.variant ?? "pipeline";

/** What a stage's record keeps of a release that is deployed there. */
export const deployable = (manifest: ReleaseManifest) => ({
  release: manifest.id,
  digest: manifest.digest,
  model: manifest.model.name,
  version: manifest.model.version,
  variant: variantOfRelease(manifest),
});
