// The gate at the end of training: collects the evidence, judges it, writes the manifest down in the history and to release.json.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { parse } from "yaml";
import { type Collection, findAll, formatProblem, readAsset, type Variant, VARIANTS } from "../../../assets/index.ts";
import { apiVersions } from "../../../azure/ids.ts";
import { type Call, CommandError, UsageError } from "../../command.ts";
import { folderDigest, jsonDigest } from "../../core/digest.ts";
import { type GateRules, judge, type LiveModel, readRules } from "../../core/gate.ts";
import { eventNow } from "../../core/history.ts";
import { type ManifestBody, releaseId, type ReleaseManifest, sameEvidence, sealed, variantOfRelease } from "../../core/manifest.ts";
import { type Person, samePerson } from "../../core/person.ts";
import { serving } from "../../core/stageRecord.ts";
import { diskFiles } from "../../files.ts";
import { projectFileIfThere } from "../../project.ts";
import type { ModelVersion } from "../model.ts";
import type { Workspace } from "../workspace.ts";
import { automlEvidence } from "./automlEvidence.ts";
import { evidenceOf, type JobEvidence } from "./evidence.ts";
import type { History } from "./history.ts";
import { modelDigests } from "./modelDigests.ts";
import { measuredOnDataOf } from "./remeasure.ts";
import { smokeTest } from "./smokeTest.ts";

export interface Gate {
  /** From the checkout. */
  readonly path: string;
  readonly rules: GateRules;
}

/** Reads the gate's rules before anything is sent; undefined when the project has none: then a model cannot become a release. */
export function gateRules(repo: string, project: string, variant: Variant): Gate | undefined {
  const path = projectFileIfThere(repo, project, VARIANTS[variant].gate);
  if (path === undefined) return undefined;
  let content: unknown;
  try {
    content = parse(readFileSync(join(repo, path), "utf8"));
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  const read = readRules(content);
  if (!read.ok) throw new UsageError(`${path} cannot be used as a gate\n${read.problems.map((problem) => `  ${problem}`).join("\n")}`);
  return { path, rules: read.rules };
}

export interface GateInput {
  readonly workspace: Workspace;
  readonly history: History;
  readonly project: string;
  readonly gate: Gate;
  readonly job: string;
  readonly model: ModelVersion;
  readonly variant: Variant;
}

/** Judges a trained model and writes the verdict down. The same model judged again gives the manifest that is there. */
export async function runGate(call: Call, input: GateInput): Promise<ReleaseManifest> {
  const { workspace, history, model, variant } = input;
  const { rules } = input.gate;
  const id = releaseId(model.name, model.version);
  const bytes = await modelDigests(workspace.azure, model.id, call.signal);
  if (!bytes) throw new CommandError(`model ${model.name}:${model.version} is not in the workspace any more`);
  const digest = folderDigest(bytes.files);
  const before = await history.release(id);
  if (before && before.manifest.model.digest !== digest) {
    throw new CommandError(
      `the history has a release ${id} with other content: workspace ${workspace.outputs.workspaceName} has given version ${model.version} a second time`,
      "Versions begin anew when a workspace is made anew. Train under another name (--set inputs.model_name=…), or until the version is free.",
    );
  }
  // A passed release that nobody signed may have been written by anyone: it is judged anew, and what is found is signed.
  const distrusted = before?.manifest.gate.passed && (await history.key.problem(before.manifest, call.signal));
  if (before?.manifest.gate.passed && !distrusted) return before.manifest;
  if (before && distrusted) call.out.progress(`gate   ${distrusted}; the model is judged anew`);

  const evidence = await (variant === "automl" ? automlEvidence : evidenceOf)(workspace, input.job, call.signal);
  const live = rules.live && (await liveModel(call, input, evidence));
  const known = { metrics: evidence.metrics, dataVersion: dataLabel(evidence.data), report: evidence.report, live };
  const type = bytes.model.properties.modelType ?? "custom_model";
  // The smoke test takes a job; it is spared when the model has failed already.
  const doomed = judge({ ...rules, smoke_test: undefined }, { ...known, smoke: undefined }).some(({ passed }) => !passed);
  const requestFile = rules.smoke_test === undefined ? undefined : normalize(join(dirname(input.gate.path), rules.smoke_test));
  const smoke =
    requestFile === undefined
      ? undefined
      : doomed
        ? { passed: false, message: "not run, as other rules had failed" }
        : await smokeTest(call, workspace, input.project, requestFile, { ...model, type, variant });
  const verdicts = judge(rules, { ...known, smoke });
  const by = await history.caller();
  const body: ManifestBody = {
    schema: "mlops-release/1",
    id,
    model: { name: model.name, version: model.version, type, files: [...bytes.files], digest },
    run: {
      workspace: workspace.id,
      job: input.job,
      variant,
      parameters: evidence.parameters,
      metrics: evidence.metrics,
      trainedBy: trainers(evidence.trainedBy, by),
    },
    gate: { passed: verdicts.every(({ passed }) => passed), rules: jsonDigest(rules), verdicts },
    data: evidence.data.map((data) => ({ ...data, ...(evidence.report?.sha256 ? { sha256: evidence.report.sha256 } : {}) })),
    // Automated ML runs and serves in environments of Azure's own.
    ...(variant === "automl" ? { components: [], environments: [] } : await usedAssets(call, workspace, input.project)),
    code: codeState(call.repo),
    created: { at: new Date().toISOString(), by },
  };
  const { passed } = body.gate;
  const manifest = passed ? await history.key.signed(sealed(body), call.signal) : sealed(body);
  const gated = eventNow("gated", by, { passed, note: passed ? `${verdicts.length} rules passed` : failures(manifest).join("; ") });
  const record = await history.put(manifest, [gated], (there) => {
    const isOld = distrusted && before && jsonDigest(there.manifest) === jsonDigest(before.manifest);
    if (isOld) return { manifest, events: [...there.events, gated] };
    // Two runs may judge the same model at once; the first that passed is the release.
    if (there.manifest.gate.passed || sameEvidence(there.manifest, body)) return there;
    return { manifest, events: [...there.events, gated] };
  });
  if (record.manifest.gate.passed) await history.key.check(record.manifest, call.signal);
  return record.manifest;
}

/** What the gate said no to. */
export const failures = (manifest: ReleaseManifest): string[] =>
  manifest.gate.verdicts.filter(({ passed }) => !passed).map(({ message }) => message);

/** Writes release.json; returns its path. */
export function writeRelease(call: Call, manifest: ReleaseManifest, path = "release.json"): string {
  writeFileSync(resolve(call.repo, path), `${JSON.stringify(manifest, null, 2)}\n`);
  return path;
}

/** The release that serves in prod, with its metrics on the new model's data: those it was made with, or measured now. */
async function liveModel(
  call: Call,
  { history, workspace, job, variant }: GateInput,
  evidence: JobEvidence,
): Promise<LiveModel | undefined> {
  const live = serving(await history.stage("prod"));
  const record = live && (await history.release(live.release));
  if (!live || !record) return undefined;
  const { data, run, model } = record.manifest;
  const dataVersion = dataLabel(data);
  const known = { label: `${model.name}:${model.version}`, dataVersion };
  const made = variantOfRelease(record.manifest);
  if (made !== variant)
    // Automated ML learns from every row, those too that the pipeline holds out to measure on.
    return { ...known, metrics: undefined, incomparable: `it was made by ${words[made]}, this one by ${words[variant]}, on other rows` };
  const wanted = dataLabel(evidence.data);
  if (dataVersion === wanted) return { ...known, metrics: run.metrics };
  if (variant === "automl")
    return {
      ...known,
      metrics: undefined,
      incomparable: `it learned from ${dataVersion}, this one from ${wanted}, and no rows are held out`,
    };
  const uri = `azureml://registries/${String(workspace.outputs["registryName"])}/models/${model.name}/versions/${model.version}`;
  return { ...known, metrics: await measuredOnDataOf(call, workspace, job, { uri, type: model.type, label: known.label }) };
}

const words: Readonly<Record<Variant, string>> = { pipeline: "the pipeline", automl: "automated ML" };

const dataLabel = (data: readonly { name: string; version: string }[]): string =>
  data
    .map(({ name, version }) => `${name}:${version}`)
    .toSorted()
    .join(", ") || "unknown";

/** Who ran the job, and who judged it: the same, as a rule. */
const trainers = (people: readonly Person[], caller: Person): Person[] => {
  const named = people.map((person) => (samePerson(person, caller) ? caller : person));
  return named.some((person) => samePerson(person, caller)) ? named : [...named, caller];
};

/** Versions of the project's components and environments in the workspace: those that `pulumi up` registered last. */
async function usedAssets(call: Call, workspace: Workspace, project: string): Promise<Pick<ManifestBody, "components" | "environments">> {
  const files = diskFiles(call.repo);
  const names = async (kind: "component" | "environment", paths: readonly string[]): Promise<string[]> => {
    const found = await Promise.all(paths.map((path) => readAsset(path, files, { kind })));
    return found.flatMap((read) => {
      if (!read.ok) throw new UsageError(read.problems.map(formatProblem).join("\n"));
      return read.asset.name ?? [];
    });
  };
  const folder = files.resolve(".", project);
  const all = (...collections: readonly Collection[]): string[] =>
    collections.flatMap((collection) => findAll(collection, folder, files)).map((path) => join(project, path));
  const newest = async (
    collection: "components" | "environments",
    wanted: readonly string[],
  ): Promise<{ name: string; version: string }[]> => {
    const found = await Promise.all(
      [...new Set(wanted)].toSorted().map(async (name) => {
        const query = { $orderBy: "createdtime desc", $top: "1" };
        const page = await workspace.azure.find<{ value: { name: string }[] }>(`${workspace.id}/${collection}/${name}/versions`, {
          apiVersion: apiVersions.machineLearning,
          query,
        });
        return (page?.value ?? []).slice(0, 1).map(({ name: version }) => ({ name, version }));
      }),
    );
    return found.flat();
  };
  return {
    components: await newest("components", await names("component", all("component"))),
    environments: await newest("environments", await names("environment", all("servingEnvironment", "trainingEnvironment"))),
  };
}

/** Commit and repository; a pipeline says them when it checked out without history. Addresses lose what they say of a user. */
function codeState(repo: string): ManifestBody["code"] {
  const git = (...args: string[]): string | undefined => {
    try {
      return execFileSync("git", args, { cwd: repo, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return undefined;
    }
  };
  const commit = git("rev-parse", "HEAD") ?? process.env["GITHUB_SHA"] ?? process.env["BUILD_SOURCEVERSION"] ?? null;
  const repository = git("remote", "get-url", "origin")?.replace(/^(https?:\/\/)[^@/]*@/, "$1") ?? null;
  return { commit: commit || null, dirty: Boolean(git("status", "--porcelain", "--untracked-files=no")), repository: repository || null };
}
