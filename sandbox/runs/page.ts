// What stands behind a job's "Web View" link: one plain page of a run with its state, children, metrics and logs. Azure has its studio there.
import type { Hono } from "hono";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { latestMetrics, paramsOf } from "./logged.ts";
import { isSigned, logUrls, signature } from "./logs.ts";
import { isEnded, type Run } from "./run.ts";
import { runsOf } from "./store.ts";

const whole = "page";

/** Address that a browser can open without a token. */
export function pageUrl(sandbox: SandboxContext, run: Pick<Run, "workspace" | "id">): string {
  return `${sandbox.urls.base}/runs/${run.id}?wsid=${run.workspace}&sig=${signature(sandbox, run, whole)}`;
}

export function mountPage(app: Hono, sandbox: SandboxContext): void {
  app.get("/runs/:run", (c) => {
    const address = { workspace: (c.req.query("wsid") ?? "").toLowerCase(), id: c.req.param("run") };
    if (!isSigned(c, sandbox, address, whole))
      throw new ArmError(403, "AuthenticationFailed", "This page's address is not signed by this sandbox; take it from the job.");
    const run = runsOf(sandbox).get(address.workspace, address.id);
    if (!run) throw new ArmError(404, "UserError", `Run '${address.id}' is gone.`);
    return c.html(page(sandbox, run), 200, { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" });
  });
}

function page(sandbox: SandboxContext, run: Run): string {
  const workspaceId = sandbox.resources.get(run.workspace)?.id ?? run.workspace;
  const children = runsOf(sandbox).children(run.workspace, run.id);
  const parent =
    run.parent === undefined ? "" : `<p>part of ${link(pageUrl(sandbox, { workspace: run.workspace, id: run.root }), run.root)}</p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(run.displayName)}</title>
${isEnded(run.status) ? "" : '<meta http-equiv="refresh" content="3">'}
<style>body{font:15px system-ui;margin:2rem;max-width:70rem}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}pre{background:#eee;padding:1rem;white-space:pre-wrap}</style></head>
<body><h1>${escaped(run.displayName)}</h1><p><b>${run.status}</b> · ${escaped(run.id)} · ${time(run.started ?? run.created)} – ${time(run.ended)}</p>${parent}
${run.error ? `<pre>${escaped(`${run.error.code}: ${run.error.message}`)}</pre>` : ""}
${table(
  "Steps",
  children.map((child) => [
    link(pageUrl(sandbox, child), child.node ?? child.displayName),
    child.status,
    `${time(child.started)} – ${time(child.ended)}`,
  ]),
)}
${table(
  "Metrics",
  latestMetrics(sandbox, run).map((point) => [escaped(point.key), String(point.value), `step ${point.step}`]),
)}
${table(
  "Parameters",
  Object.entries(paramsOf(sandbox, run)).map((pair) => pair.map(escaped)),
)}
${table(
  "Outputs",
  Object.entries(run.outputs).map(([name, output]) => [escaped(name), escaped(output.type), escaped(output.uri)]),
)}
${table(
  "Logs",
  Object.entries(logUrls(sandbox, run, workspaceId)).map(([name, url]) => [link(url, name)]),
)}
</body></html>`;
}

function table(title: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  return `<h2>${title}</h2><table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("")}</table>`;
}

const time = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? "…" : new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ");

const link = (url: string, text: string): string => `<a href="${escaped(url)}">${escaped(text)}</a>`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
