// Run history: `/history/v1.0{workspace}/…`, as azure-ai-ml and azureml-mlflow call it.
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { detailsOut, runOut } from "./history-shapes.ts";
import { deleteTag, setTags } from "./logged.ts";
import { answerLog } from "./logs.ts";
import { isEnded, type Run } from "./run.ts";
import { runsOf, type RunChange } from "./store.ts";
import { asking, workspacePath, type Asking } from "./workspace.ts";
import { textOf } from "./text.ts";
import { listIn, readJson } from "../server/bodies.ts";

const bodyLimit = 4 * 1024 * 1024;

/** What the job runner does for run history: ends a run that it owns. */
export interface RunControl {
  cancel(run: Run): void;
}

type Answer = (c: Context, asked: Asking, run: Run) => unknown;

/** Throws 404 as run history does. */
export function runOf(sandbox: SandboxContext, key: string, id: string): Run {
  const run = runsOf(sandbox).get(key, id);
  if (run) return run;
  throw new ArmError(404, "UserError", `Run with id ${id} was not found in the workspace.`);
}

export function mountHistory(app: Hono, sandbox: SandboxContext, control: RunControl): void {
  const base = `/history/v1.0${workspacePath}`;
  /** Runs whose details have been asked for. */
  const seen = new Set<string>();
  const forms = [`${base}/runs/:run`, `${base}/experiments/:experiment/runs/:run`, `${base}/experimentids/:experiment/runs/:run`];
  const on = (method: string, suffix: string, answer: Answer): void => {
    for (const form of forms)
      app.on(method, form + suffix, async (c) => {
        const asked = await asking(c, sandbox);
        const result = await answer(c, asked, runOf(sandbox, asked.key, c.req.param("run")!));
        return result === undefined ? c.body(null, 200) : c.json(result as object);
      });
  };

  app.get(`${base}/runs/:run/logs/*`, (c) => {
    const { subscription, group, workspace, run } = c.req.param() as Record<string, string>;
    const key =
      `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}`.toLowerCase();
    return answerLog(
      c,
      sandbox,
      { workspace: key, id: run! },
      decodeURIComponent(new URL(c.req.url).pathname.split("/logs/").slice(1).join("/logs/")),
    );
  });

  on("GET", "", (_, _asked, run) => runOut(sandbox, run));
  on("GET", "/details", (c, asked, run) => {
    const details = detailsOut(sandbox, run, asked.workspace);
    // `jobs.stream` prints logs only of a job that it has seen under way; here a job may have ended before its first look.
    const first = !seen.has(run.id) && isEnded(run.status) && Date.now() - (run.ended ?? 0) < 30_000;
    seen.add(run.id);
    return first && /azure-ai-ml|azsdk-python-.*ml/i.test(c.req.header("user-agent") ?? "")
      ? { ...details, status: "Finalizing" }
      : details;
  });
  on("GET", "/children", (c, asked, run) => page(c, runsOf(sandbox).children(asked.key, run.id).toReversed()));
  on("PATCH", "", async (c, _, run) => runOut(sandbox, change(sandbox, run, await bodyOf(c))));
  on("PATCH", "/tags", async (c, _, run) => {
    const tags = (await bodyOf(c))["setTags"] ?? {};
    setTags(sandbox, run, tags as Record<string, string>);
    return runOut(sandbox, run);
  });
  on("DELETE", "/tags", async (c, _, run) => {
    const keys = await readJson(c, bodyLimit);
    if (!Array.isArray(keys)) throw new ArmError(400, "UserError", "The request body is not a list of tag names.");
    for (const key of keys) deleteTag(sandbox, run, String(key));
    return runOut(sandbox, run);
  });
  on("GET", "/serviceinstances/:node", () => ({ instances: {} }));
  on("POST", "/cancel", (_, _asked, run) => {
    control.cancel(run);
    return runOut(sandbox, runOf(sandbox, run.workspace, run.id));
  });
  on("GET", "/token", async (_, asked, run) => {
    const seconds = 7 * 86_400;
    return {
      token: await sandbox.issueToken(`${sandbox.urls.base}/`, asked.caller.principalId, seconds, { runIn: asked.key }),
      expiryTimeUtc: new Date(Date.now() + seconds * 1000).toISOString(),
      runId: run.id,
    };
  });

  app.post(`${base}/rundata`, async (c) => {
    const asked = await asking(c, sandbox);
    const run = runOf(sandbox, asked.key, textOf((await bodyOf(c))["runId"]));
    return c.json({ runMetadata: runOut(sandbox, run), runDefinition: null, jobSpecification: null });
  });
  app.post(`${base}/batchrundata`, async (c) => {
    const asked = await asking(c, sandbox);
    const ids = listIn({ runIds: [], ...(await bodyOf(c)) }, "runIds").map(String);
    const found = ids.map((id) => runsOf(sandbox).get(asked.key, id)).filter((run) => run !== undefined);
    return c.json({
      runs: Object.fromEntries(
        found.map((run) => [run.id, { runMetadata: runOut(sandbox, run), runDefinition: null, jobSpecification: null }]),
      ),
      errors: {},
    });
  });
  for (const form of ["experiments", "experimentids"])
    app.post(`${base}/${form}/:experiment/runs\\:query`, async (c) => {
      const asked = await asking(c, sandbox);
      const experiment = experimentOf(sandbox, asked, c.req.param("experiment"));
      const runs = runsOf(sandbox)
        .list(asked.key, [experiment])
        .filter((run) => !run.hidden && !run.deleted);
      return c.json(page(c, runs, Number((await bodyOf(c))["top"] ?? 100)));
    });
  app.all(`${base}/*`, (c) => {
    throw new ArmError(
      501,
      "NotModeledInSandbox",
      `Run history's '${c.req.method} ${c.req.path.split("/workspaces/")[1] ?? c.req.path}' is not modelled in the sandbox (sandbox/runs/history.ts).`,
    );
  });

  function page(c: Context, runs: readonly Run[], size = Number(c.req.query("$top") ?? 100)) {
    const from = Number(c.req.query("$continuationToken") ?? 0) || 0;
    const next = from + size < runs.length ? String(from + size) : null;
    const url = new URL(c.req.url);
    if (next) url.searchParams.set("$continuationToken", next);
    return {
      value: runs.slice(from, from + size).map((run) => runOut(sandbox, run)),
      continuationToken: next,
      nextLink: next ? `${sandbox.urls.base}${url.pathname}${url.search}` : null,
    };
  }
}

function experimentOf(sandbox: SandboxContext, asked: Asking, nameOrId: string): string {
  const store = runsOf(sandbox);
  const found = store.experimentById(asked.key, nameOrId) ?? store.experimentNamed(asked.key, nameOrId);
  if (!found) throw new ArmError(404, "UserError", `Experiment '${nameOrId}' was not found in the workspace.`);
  return found.id;
}

async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body = (await readJson(c, bodyLimit)) ?? {};
  if (typeof body === "object" && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new ArmError(400, "UserError", "The request body is not a JSON object.");
}

/** What the portal and `jobs.update`/`jobs.archive` change: name, description, tags and properties (merged), hidden. */
function change(sandbox: SandboxContext, run: Run, body: Record<string, unknown>): Run {
  const changes: { -readonly [Key in keyof RunChange]: RunChange[Key] } = {};
  if (typeof body["displayName"] === "string") changes.displayName = body["displayName"];
  if (typeof body["description"] === "string") changes.description = body["description"];
  if (typeof body["hidden"] === "boolean") changes.hidden = body["hidden"];
  if (body["properties"]) changes.properties = { ...run.properties, ...(body["properties"] as Record<string, string>) };
  if (body["tags"]) setTags(sandbox, run, body["tags"] as Record<string, string>);
  return Object.keys(changes).length > 0 ? runsOf(sandbox).update(run.workspace, run.id, changes) : run;
}
