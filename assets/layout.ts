// Which file of a project folder is for what: the one of the usual name, else the only one of its kind in its folder.
import { detectKind } from "./detect.ts";
import type { Kind } from "./asset.ts";
import type { Files } from "./files.ts";
import { ProblemsError } from "./problems.ts";
import { parseSource } from "./yaml/source.ts";
import { readText } from "./yaml/text.ts";

/** What a file of a project can be for. */
export type Role = keyof typeof ROLES;

interface RoleRule {
  /** As a message names it. */
  readonly what: string;
  /** Paths below the project folder, the first one that exists is taken without a look at the others. */
  readonly usual: readonly string[];
  /** Folders that are searched where none of those exists. */
  readonly within: readonly string[];
  readonly is: KindRule | { readonly name: RegExp };
}

/** `hint`: a line that every file of these kinds has, so that most others need not be parsed. */
interface KindRule {
  readonly kinds: readonly Kind[];
  readonly hint: RegExp;
}

/** A top-level key of a YAML file. */
const key = (...names: string[]): RegExp => new RegExp(`^["']?(${names.join("|")})["']?\\s*:`, "m");

const ROLES = {
  pipeline: {
    what: "pipeline job",
    usual: ["mlops/pipeline.yml", "mlops/pipeline.yaml"],
    within: ["mlops"],
    is: { kinds: ["pipelineJob"], hint: key("jobs") },
  },
  automl: {
    what: "automated ML job",
    usual: ["mlops/automl.yml", "mlops/automl.yaml"],
    within: ["mlops"],
    is: { kinds: ["automlJob"], hint: key("task") },
  },
  gate: {
    what: "gate's rules",
    usual: ["mlops/gate.yml", "mlops/gate.yaml"],
    within: ["mlops"],
    is: { name: /(^|\/)gate\.ya?ml$/i },
  },
  automlGate: {
    what: "gate's rules for automated ML",
    usual: ["mlops/automl-gate.yml", "mlops/automl-gate.yaml"],
    within: ["mlops"],
    is: { name: /automl[-_]?gate\.ya?ml$/i },
  },
  endpoint: {
    what: "online endpoint",
    usual: ["deploy/endpoint.yml", "deploy/endpoint.yaml"],
    within: ["deploy"],
    is: { kinds: ["managedOnlineEndpoint", "kubernetesOnlineEndpoint"], hint: /onlineEndpoint|auth_mode/i },
  },
  deployment: {
    what: "online deployment",
    usual: ["deploy/blue-deployment.yml", "deploy/blue-deployment.yaml", "deploy/deployment.yml", "deploy/deployment.yaml"],
    within: ["deploy"],
    is: { kinds: ["managedOnlineDeployment", "kubernetesOnlineDeployment"], hint: key("endpoint_name") },
  },
  automlDeployment: {
    what: "online deployment for models of automated ML",
    usual: ["deploy/automl-deployment.yml", "deploy/automl-deployment.yaml"],
    within: ["deploy"],
    is: { name: /automl[-_]?deployment\.ya?ml$/i },
  },
  batchEndpoint: {
    what: "batch endpoint",
    usual: ["deploy/batch-endpoint.yml", "deploy/batch-endpoint.yaml"],
    within: ["deploy"],
    is: { kinds: ["batchEndpoint"], hint: /batch/i },
  },
  batchDeployment: {
    what: "batch deployment",
    usual: ["deploy/batch-deployment.yml", "deploy/batch-deployment.yaml"],
    within: ["deploy"],
    is: { kinds: ["batchDeployment", "modelBatchDeployment", "pipelineComponentBatchDeployment"], hint: key("endpoint_name") },
  },
  batchSample: {
    what: "sample of batch data",
    usual: ["deploy/batch-sample.csv"],
    within: ["deploy"],
    is: { name: /(^|\/)batch[-_](sample|input|data)[^/]*\.(csv|tsv|jsonl|parquet|txt)$/i },
  },
  monitor: {
    what: "model monitor",
    usual: ["mlops/monitor.yml", "mlops/monitor.yaml"],
    within: ["mlops"],
    is: { kinds: ["monitorSchedule"], hint: key("create_monitor") },
  },
  sampleRequest: {
    what: "sample request",
    usual: ["deploy/sample-request.json", "deploy/sample_request.json"],
    within: ["deploy"],
    is: { name: /(sample|request)[^/]*\.json$/i },
  },
} as const satisfies Record<string, RoleRule>;

/** Kinds of which a project may have many, and where they lie. */
const ENVIRONMENT = { kinds: ["environment"], hint: key("image", "build", "conda_file") } as const;
const COLLECTIONS = {
  data: { within: ["data"], usual: /(^|\/)data\.ya?ml$/, kinds: ["data"], hint: key("path") },
  component: {
    within: ["ml", "components"],
    usual: /(^|\/)component\.ya?ml$/,
    kinds: ["commandComponent", "pipelineComponent"],
    hint: key("command", "jobs"),
  },
  trainingEnvironment: { within: ["mlops", "environments", "environment"], usual: /^mlops\/environment\.ya?ml$/, ...ENVIRONMENT },
  servingEnvironment: { within: ["deploy"], usual: /^deploy\/environment\.ya?ml$/, ...ENVIRONMENT },
} as const satisfies Record<string, { within: readonly string[]; usual: RegExp } & KindRule>;

export type Collection = keyof typeof COLLECTIONS;

/** A file below the project folder, or why there is none and what to do. */
export type Found = { readonly path: string } | { readonly none: string; readonly several: boolean };

/** Acceptance requests and notebooks' checkpoints are files of other things. */
const PASSED_OVER = /^(\.|__pycache__$|(automl-)?acceptance$|node_modules$)/;
const YAML = /\.ya?ml$/i;
/** Longer ones are data. */
const MAX_BYTES = 1_000_000;

/** Where the file of a role usually lies, for messages. */
export const usualFile = (role: Role): string => ROLES[role].usual[0];

/** The file of a role. `folder`: the project's, as `files` resolves it. */
export function findFile(role: Role, folder: string, files: Files): Found {
  const { what, usual, within, is }: RoleRule = ROLES[role];
  const here = usual.find((path) => files.stat(files.resolve(folder, path))?.type === "file");
  if (here) return { path: here };
  // The usual file of another role is that role's, though it may be of the same kind.
  const others = Object.values<RoleRule>(ROLES).flatMap((rule) => (rule.what === what ? [] : rule.usual));
  const candidates = within.flatMap((place) => filesBelow(place, folder, files)).filter((path) => !others.includes(path));
  const found = candidates.filter((path) => ("name" in is ? is.name.test(path) : isOfKind(path, folder, files, is)));
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return { path: only };
  const place = `${within.join("/ or ")}/`;
  return only === undefined
    ? { none: `${place} has no ${what}; its usual name is ${usual[0]}`, several: false }
    : { none: `${place} has several that could be the ${what}: ${found.join(", ")}; call one of them ${usual[0]}`, several: true };
}

/** Every file of a kind, in order of the paths. A file of the usual name belongs to it whatever is in it, so that its mistakes are told. */
export function findAll(collection: Collection, folder: string, files: Files): string[] {
  const rule: { within: readonly string[]; usual: RegExp } & KindRule = COLLECTIONS[collection];
  return rule.within
    .flatMap((place) => filesBelow(place, folder, files))
    .filter((path) => rule.usual.test(path) || isOfKind(path, folder, files, rule));
}

/** Paths below the project folder, sorted; none where the place does not exist. */
function filesBelow(place: string, folder: string, files: Files): string[] {
  const full = files.resolve(folder, place);
  const stat = files.stat(full);
  if (stat?.type === "file") return [place];
  if (stat?.type !== "folder") return [];
  return files
    .list(full)
    .filter((name) => !PASSED_OVER.test(name))
    .toSorted()
    .flatMap((name) => filesBelow(`${place}/${name}`, folder, files));
}

/** Whether a file says that it is of these kinds. One with the hint that is of no kind is taken for one of them, so that its mistakes are told. */
function isOfKind(path: string, folder: string, files: Files, { kinds, hint }: KindRule): boolean {
  const full = files.resolve(folder, path);
  if (!YAML.test(path) || (files.stat(full)?.size ?? 0) > MAX_BYTES) return false;
  try {
    const text = readText(files, full, path);
    if (!hint.test(text)) return false;
    const kind = detectKind(parseSource(text, path));
    return typeof kind !== "string" || (kinds as readonly string[]).includes(kind);
  } catch (error) {
    if (error instanceof ProblemsError) return true;
    throw error;
  }
}
