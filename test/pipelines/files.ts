// Reads the pipelines of both systems into jobs and the commands of their steps, in the order in which they run.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const repo = join(import.meta.dirname, "..", "..");

export interface Step {
  /** A shell command, or the action or task that the system itself brings. */
  readonly kind: "command" | "action";
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  /** Inputs of an action. */
  readonly inputs: Readonly<Record<string, string>>;
}

export interface Job {
  /** `train/share` */
  readonly name: string;
  readonly steps: readonly Step[];
  readonly raw: Yaml;
}

// oxlint-disable-next-line typescript/no-explicit-any -- YAML as it comes
export type Yaml = Record<string, any>;

export const readYaml = (path: string): Yaml => parse(readFileSync(join(repo, path), "utf8")) as Yaml;

const texts = (values: Yaml | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, String(value)]));

export const githubFiles = ["preview", "train", "release", "drift", "expire", "retrain"] as const;

/** Jobs of one workflow, after what they need; steps of local actions stand where the action is used. */
export function githubJobs(name: (typeof githubFiles)[number]): Job[] {
  const workflow = readYaml(`.github/workflows/${name}.yml`);
  const jobs = workflow["jobs"] as Record<string, Yaml>;
  return inOrder(jobs, (job) => [job["needs"] ?? []].flat() as string[]).map(([id, job]) => ({
    name: `${name}/${id}`,
    raw: job,
    steps: ((job["steps"] ?? []) as Yaml[]).flatMap((step) => githubStep(step, { ...texts(workflow["env"]), ...texts(job["env"]) })),
  }));
}

function githubStep(step: Yaml, outer: Record<string, string>): Step[] {
  const env = { ...outer, ...texts(step["env"]) };
  if (typeof step["run"] === "string") return [{ kind: "command", text: step["run"].trim(), env, inputs: {} }];
  const uses = String(step["uses"]);
  if (!uses.startsWith("./")) return [{ kind: "action", text: uses, env, inputs: texts(step["with"]) }];
  const action = readYaml(join(uses, "action.yml"));
  return ((action["runs"] as Yaml)["steps"] as Yaml[]).flatMap((inner) => githubStep(inner, env));
}

/** Jobs of azure-pipelines.yml, stage by stage; templates are put in place. */
export function azureJobs(): Job[] {
  const pipeline = readYaml("azure-pipelines.yml");
  return (pipeline["stages"] as Yaml[]).flatMap((stage) => {
    const jobs = Object.fromEntries((stage["jobs"] as Yaml[]).map((job) => [String(job["job"] ?? job["deployment"]), job]));
    return inOrder(jobs, (job) => [job["dependsOn"] ?? []].flat() as string[]).map(([id, job]) => {
      const steps = (job["steps"] ?? (job["strategy"] as Yaml)["runOnce"]["deploy"]["steps"]) as Yaml[];
      return { name: `${stage["stage"]}/${id}`, raw: job, steps: steps.flatMap(azureStep) };
    });
  });
}

function azureStep(step: Yaml): Step[] {
  if (typeof step["template"] === "string") {
    const template = readYaml(step["template"]);
    const given = texts(step["parameters"]);
    return (fill(template["steps"], given) as Yaml[]).flatMap(azureStep);
  }
  const env = texts(step["env"]);
  if (typeof step["script"] === "string") return [{ kind: "command", text: step["script"].trim(), env, inputs: {} }];
  const inputs = texts(step["inputs"]);
  if (String(step["task"]).startsWith("AzureCLI@")) return [{ kind: "command", text: inputs["inlineScript"]!.trim(), env, inputs }];
  const own = ["checkout", "download", "publish", "task"].find((key) => step[key] !== undefined)!;
  return [
    {
      kind: "action",
      text: own === "task" ? String(step["task"]) : own,
      env,
      inputs: { ...inputs, ...(own === "task" ? {} : texts(step)) },
    },
  ];
}

/** `${{ parameters.x }}` with what was given. */
function fill(value: unknown, given: Record<string, string>): unknown {
  if (typeof value === "string")
    return value.replace(/\$\{\{ parameters\.(\w+) \}\}/g, (_, name: string) => given[name] ?? `(no parameter ${name})`);
  if (Array.isArray(value)) return value.map((one) => fill(one, given));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, given)]));
  return value;
}

/** Each after those it needs, else as written. */
function inOrder(jobs: Record<string, Yaml>, needs: (job: Yaml) => string[]): [string, Yaml][] {
  const done: [string, Yaml][] = [];
  const left = Object.entries(jobs);
  while (left.length > 0) {
    const next = left.findIndex(([, job]) => needs(job).every((need) => done.some(([id]) => id === need)));
    if (next < 0) throw new Error(`jobs need each other or one that is not there: ${left.map(([id]) => id).join(", ")}`);
    done.push(...left.splice(next, 1));
  }
  return done;
}
