// The pipelines' files themselves: well formed, no wider in their rights than they need, every step one command.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { actionlint } from "./actionlint.ts";
import { AzurePipeline, StepTemplate } from "./azure-schema.ts";
import { azureJobs, githubFiles, githubJobs, readYaml, type Yaml } from "./files.ts";

const repo = join(import.meta.dirname, "..", "..");
const workflows = githubFiles.map((name) => `.github/workflows/${name}.yml`);

/** Runs without shellcheck and pyflakes: what is installed on a machine must not decide. */
function lint(files: readonly string[]): { code: number | null; said: string } {
  const [program, ...args] = actionlint();
  const done = spawnSync(program, [...args, "-no-color", "-shellcheck=", "-pyflakes=", ...files], { cwd: repo, encoding: "utf8" });
  return { code: done.status, said: done.stdout + done.stderr };
}

test("actionlint finds nothing in the workflows, and would", () => {
  expect(lint(workflows)).toEqual({ code: 0, said: "" });
  const folder = mkdtempSync(join(tmpdir(), "mlops-lint-"));
  try {
    const broken = join(folder, "broken.yml");
    writeFileSync(broken, readFileSync(join(repo, workflows[0]!), "utf8").replace("needs: preview\n", "needs: previews\n"));
    expect(lint([broken]).said).toMatch(/needs job "previews" which does not exist/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);

test("Azure Pipelines' files fit the schema, and one with a mistake does not", () => {
  const pipeline = readYaml("azure-pipelines.yml");
  expect(AzurePipeline.safeParse(pipeline).error?.issues ?? []).toEqual([]);
  for (const file of ["pipelines/setup.yml", "pipelines/azure.yml"])
    expect(StepTemplate.safeParse(readYaml(file)).error?.issues ?? []).toEqual([]);
  const wrong = structuredClone(pipeline);
  (wrong["stages"] as Yaml[])[0]!["dependson"] = [];
  expect(AzurePipeline.safeParse(wrong).success).toBe(false);
});

test("Azure Pipelines: stages and artifacts that are named are there", () => {
  const stages = readYaml("azure-pipelines.yml")["stages"] as Yaml[];
  const seen = new Set<string>();
  for (const stage of stages) {
    for (const need of [stage["dependsOn"]].flat() as string[]) expect(seen).toContain(need);
    seen.add(String(stage["stage"]));
  }
  const steps = azureJobs().flatMap((job) => job.steps);
  const published = steps.filter(({ text }) => text === "publish").map(({ inputs }) => inputs["artifact"]);
  for (const { inputs } of steps.filter(({ text }) => text === "download")) expect(published).toContain(inputs["artifact"]);
});

const jobs = [...githubFiles.flatMap(githubJobs), ...azureJobs()];

test.each(jobs.map((job) => [job.name, job] as const))("%s: every step is one command that also runs by hand", (_, { steps }) => {
  for (const { text } of steps.filter(({ kind }) => kind === "command")) {
    expect(text).toMatch(/^(?:npm (?:ci|test)|npx mlops [a-z]|pulumi [a-z])/);
    expect(text).not.toMatch(/[;&|\n]/);
  }
});

describe("GitHub", () => {
  const all = githubFiles.map((name) => [name, readYaml(`.github/workflows/${name}.yml`)] as const);

  test.each(all)("%s: no permission but those that a job names", (_, workflow) => {
    expect(workflow["permissions"]).toEqual({});
    for (const job of Object.values(workflow["jobs"] as Record<string, Yaml>)) {
      const { contents, ...more } = job["permissions"] as Record<string, string>;
      expect(contents).toBe("read");
      expect(Object.entries(more).filter(([what, how]) => !(how === "write" && ["id-token", "pull-requests"].includes(what)))).toEqual([]);
      // What may sign in to Azure may not write to the repository, and the other way round.
      expect(Object.keys(more).length).toBeLessThanOrEqual(1);
    }
  });

  test.each(all)("%s: no secret, actions by digest, no credential left in the checkout", (name, workflow) => {
    expect(JSON.stringify(workflow)).not.toMatch(/secrets\./);
    for (const { steps } of githubJobs(name)) {
      for (const { text, inputs } of steps.filter(({ kind }) => kind === "action")) {
        expect(text).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
        expect([text, text.startsWith("actions/checkout@") ? inputs["persist-credentials"] : "false"]).toEqual([text, "false"]);
      }
    }
  });

  test.each(all)("%s: text from outside reaches a shell only through the environment", (name) => {
    const commands = githubJobs(name).flatMap(({ steps }) => steps.filter(({ kind }) => kind === "command"));
    expect(commands.filter(({ text }) => text.includes("${{"))).toEqual([]);
  });

  test("a fork's code never meets a credential", () => {
    const workflow = readYaml(".github/workflows/preview.yml");
    expect(Object.keys(workflow["on"] as Yaml)).toEqual(["pull_request"]);
    for (const [id, job] of Object.entries(workflow["jobs"] as Record<string, Yaml>)) {
      const powers = Object.keys(job["permissions"] as Yaml).filter((what) => what !== "contents");
      if (powers.length === 0) continue;
      const guarded =
        String(job["if"]).includes("head.repo.full_name == github.repository") ||
        (job["needs"] === "preview" && String(job["if"]).includes("result != 'skipped'"));
      expect([id, guarded]).toEqual([id, true]);
    }
  });

  test("what may comment runs the base branch's code", () => {
    const [checkout] = githubJobs("preview").find(({ name }) => name === "preview/comment")!.steps;
    expect(checkout!.inputs["ref"]).toBe("${{ github.event.pull_request.base.sha }}");
  });

  test("stages are deployed from their environments, which have the reviewers", () => {
    const release = readYaml(".github/workflows/release.yml")["jobs"] as Record<string, Yaml>;
    expect([release["qa"]!["environment"], release["prod"]!["environment"], release["prod"]!["needs"]]).toEqual(["qa", "prod", "qa"]);
  });

  test("an action's digest has its version beside it, the same everywhere", () => {
    const pins = new Map<string, string>();
    for (const file of [...workflows, ".github/actions/azure/action.yml"]) {
      for (const line of readFileSync(join(repo, file), "utf8")
        .split("\n")
        .filter((one) => /uses: (?!\.\/)/.test(one))) {
        const [, action, rest] = /uses: ([\w/-]+)@(.*)$/.exec(line)!;
        expect(rest).toMatch(/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        expect(pins.get(action!) ?? rest).toBe(rest);
        pins.set(action!, rest!);
      }
    }
    expect(pins.size).toBeGreaterThan(4);
  });
});

test("both systems run the same commands on the way to prod", () => {
  const way = (all: readonly { name: string; steps: readonly { kind: string; text: string }[] }[], names: readonly string[]): string[] =>
    names.flatMap((name) =>
      all
        .find((job) => job.name === name)!
        .steps.filter(({ kind }) => kind === "command")
        .map(({ text }) => text.replace(/--release \S.*$/, "--release R").replace(' --model "$MODEL"', "")),
    );
  const github = way(githubFiles.flatMap(githubJobs), [
    "train/train",
    "train/share",
    "release/qa",
    "release/prod",
    "drift/drift",
    "expire/dev",
    "expire/qa",
    "retrain/retrain",
  ]);
  const azure = way(azureJobs(), [
    "train/train",
    "train/share",
    "qa/qa",
    "prod/prod",
    "drift/drift",
    "expire/dev",
    "expire/qa",
    "retrain/retrain",
  ]);
  expect(azure).toEqual(github);
});
