// Every command of both systems' pipelines, taken out of their files, in order, against a sandbox: they cannot rot.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Checkout, copyCheckout, type Ran } from "../checkout.ts";
import { azureJobs, githubFiles, githubJobs, type Job } from "./files.ts";
import { Runner, type StepRun } from "./runner.ts";

const minutes = 60_000;
let checkout: Checkout;
let env: Record<string, string>;
let ann: Pick<Checkout, "mlops">;
let comments: Comments;

const succeeded = (ran: Ran): Ran => {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stdout.slice(-3000)}\n${ran.stderr.slice(-3000)}`);
  return ran;
};
const passed = (runs: readonly StepRun[]): readonly StepRun[] => {
  const bad = runs.find(({ code }) => code !== 0);
  if (bad) throw new Error(`${bad.command} ended with ${bad.code}\n${bad.said.slice(-6000)}`);
  expect(runs.length).toBeGreaterThan(0);
  return runs;
};

interface Comments {
  readonly url: string;
  readonly server: Server;
  /** Bodies as GitHub and Azure DevOps have them now, and how often they were written. */
  github: string[];
  azure: string[];
  writes: number;
}

/** The part of GitHub's and Azure DevOps' REST that comments take. */
async function commentServer(): Promise<Comments> {
  const there: Comments = { url: "", server: createServer(), github: [], azure: [], writes: 0 };
  there.server.on("request", (request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    request.on("end", () => {
      const path = request.url!.split("?")[0]!;
      const github = path.startsWith("/repos/contoso/churn/issues/");
      const allowed = request.headers.authorization === "Bearer the-pipelines-token";
      const list = github ? there.github : there.azure;
      const own = `http://localhost:${(there.server.address() as AddressInfo).port}`;
      if (allowed && request.method !== "GET") {
        const body = JSON.parse(text) as { body?: string; content?: string; comments?: { content: string }[] };
        list[0] = (body.body ?? body.content ?? body.comments?.[0]?.content)!;
        there.writes++;
      }
      const answer = github
        ? list.map((body) => ({ url: `${own}/repos/contoso/churn/issues/comments/1`, body }))
        : { value: list.map((content) => ({ id: 5, comments: [{ id: 1, content }] })) };
      response
        .writeHead(allowed ? 200 : 401, { "content-type": "application/json" })
        .end(JSON.stringify(request.method === "GET" ? answer : {}));
    });
  });
  await new Promise<void>((resolve) => there.server.listen(0, "localhost", resolve));
  return {
    ...there,
    url: `http://localhost:${(there.server.address() as AddressInfo).port}`,
    get github() {
      return there.github;
    },
    get azure() {
      return there.azure;
    },
    get writes() {
      return there.writes;
    },
  };
}

beforeAll(async () => {
  comments = await commentServer();
  checkout = copyCheckout();
  env = JSON.parse(succeeded(await checkout.mlops("sandbox", "env", "--json")).stdout) as Record<string, string>;
  const quick = { "rollout.bakeSeconds": "0", "rollout.calls": "3", "rollout.maxP95Ms": "20000" };
  for (const [key, value] of Object.entries(quick))
    succeeded(await checkout.pulumi("config", "set", "--path", `azure-mlops:${key}`, value, "--stack", "prod"));
  // What a platform engineer does once, by hand.
  succeeded(await checkout.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "shared"));
  ann = await checkout.as("ann");
}, 4 * minutes);

afterAll(async () => {
  await new Promise((resolve) => comments?.server.close(resolve));
  await checkout?.dispose();
}, minutes);

const job = (jobs: readonly Job[], name: string): Job => jobs.find((one) => one.name === name)!;

test(
  "GitHub: train, share, qa, approval, prod, drift, then a pull request's preview and comment",
  async () => {
    const jobs = githubFiles.flatMap(githubJobs);
    const values = {
      "inputs.release || 'release.json'": "release.json",
      "github.token": "the-pipelines-token",
      "github.event.pull_request.number": "12",
    };
    const runner = new Runner({
      dir: checkout.dir,
      env: { ...env, GITHUB_API_URL: comments.url, GITHUB_REPOSITORY: "contoso/churn" },
      values,
    });
    passed(await runner.run(job(jobs, "train/train")));
    passed(await runner.run(job(jobs, "train/share")));
    passed(await runner.run(job(jobs, "release/qa")));

    const refused = await runner.run(job(jobs, "release/prod"));
    expect(refused.at(-1)).toMatchObject({ code: 1, said: expect.stringMatching(/0 of 1 approvals of diabetes-1/) });
    succeeded(await ann.mlops("approve", "--release", "diabetes-1", "--stage", "prod", "--yes"));
    expect(passed(await runner.run(job(jobs, "release/prod"))).at(-1)!.said).toMatch(/diabetes-1 .*prod deployed/);

    for (const STACK of ["shared", "dev", "auto", "qa", "prod"]) passed(await runner.run(job(jobs, "drift/drift"), { STACK }));

    // Nobody has set azure-mlops:retrain.
    expect(passed(await runner.run(job(jobs, "retrain/retrain"))).at(-1)!.said).toMatch(/nothing to do: /);

    const preview = passed(await runner.run(job(jobs, "preview/preview")));
    expect(preview.at(-1)!.said).toContain("No change in shared, dev, auto, qa, prod.");
    passed(await runner.run(job(jobs, "preview/comment")));
    passed(await runner.run(job(jobs, "preview/comment")));
    expect(comments.github).toEqual([expect.stringContaining("No change in shared, dev, auto, qa, prod.")]);
    expect(comments.writes).toBe(1);
    runner.dispose();
  },
  15 * minutes,
);

test(
  "Azure DevOps: the same way for the next release, in its own words",
  async () => {
    const jobs = azureJobs();
    const pipeline = {
      TF_BUILD: "True",
      SYSTEM_COLLECTIONURI: `${comments.url}/`,
      SYSTEM_TEAMPROJECT: "churn",
      BUILD_REPOSITORY_ID: "r1",
      SYSTEM_PULLREQUEST_PULLREQUESTID: "12",
    };
    const runner = new Runner({ dir: checkout.dir, env: { ...env, ...pipeline }, values: { "System.AccessToken": "the-pipelines-token" } });
    for (const name of ["train/train", "train/share", "qa/qa"]) passed(await runner.run(job(jobs, name)));
    succeeded(await ann.mlops("approve", "--release", "diabetes-2", "--stage", "prod", "--yes"));
    passed(await runner.run(job(jobs, "prod/prod")));
    passed(await runner.run(job(jobs, "drift/drift"), { STACK: "prod" }));
    passed(await runner.run(job(jobs, "preview/preview")));
    expect(comments.azure).toEqual([expect.stringContaining("## What this change does")]);
    runner.dispose();
  },
  15 * minutes,
);

test(
  "connect makes identities without secrets for the stages that are up, and says what to set where",
  async () => {
    const github = succeeded(await checkout.mlops("connect", "github", "--repository", "contoso/churn")).stdout;
    const { pipelineClientIds: ids } = JSON.parse(
      succeeded(await checkout.pulumi("stack", "output", "--json", "--stack", "shared")).stdout,
    ) as { pipelineClientIds: Record<string, string> };
    expect(Object.keys(ids).toSorted()).toEqual(["dev", "preview", "prod", "qa"]);
    for (const stage of ["dev", "qa", "prod"])
      expect(github).toContain(`gh variable set AZURE_CLIENT_ID --body '${ids[stage]}' --repo contoso/churn --env ${stage}`);
    expect(github).toContain(`gh variable set AZURE_PREVIEW_CLIENT_ID --body '${ids["preview"]}'`);

    const organization = ["--organization", "contoso", "--organization-id", "4c8d7b3a-0000-4000-8000-000000000001", "--project", "churn"];
    const devOps = succeeded(await checkout.mlops("connect", "azure-devops", ...organization)).stdout;
    expect(devOps).toMatch(new RegExp(`mlops-prod\\s+application \\(client\\) id ${ids["prod"]}`));
    const state = JSON.parse(succeeded(await checkout.pulumi("stack", "export", "--stack", "shared")).stdout) as {
      deployment: { resources: { type: string; urn: string; inputs?: Record<string, unknown> }[] };
    };
    const credentials = state.deployment.resources.filter(
      ({ type }) => type.startsWith("azuread:") && type.endsWith("FederatedIdentityCredential"),
    );
    const subjects = credentials.filter(({ urn }) => urn.includes("::pipeline-prod-")).map(({ inputs }) => inputs!["subject"] as string);
    expect(subjects.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "repo:contoso/churn:environment:prod",
      "sc://contoso/churn/mlops-prod",
    ]);
    expect(state.deployment.resources.some(({ type }) => /ApplicationPassword|Certificate/.test(type))).toBe(false);
  },
  5 * minutes,
);
