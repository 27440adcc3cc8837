// A stage's monitor: its definition, its runs, what each found, and the alerts on the stage's endpoint.
import { apiVersions } from "../../../azure/ids.ts";
import { openUri } from "../../../azure/models.ts";
import { downloadFile, listFiles } from "../../../azure/blobs.ts";
import { CommandError } from "../../command.ts";
import { readSignal, type SignalFile, type SignalResult } from "../../core/signals.ts";
import type { Workspace } from "../workspace.ts";

export interface MonitorRun {
  readonly job: string;
  readonly status: string;
  /** ISO 8601: when it started. */
  readonly at: string;
  readonly signals: readonly SignalResult[];
}

export interface FiredAlert {
  readonly rule: string;
  readonly severity: string;
  readonly target: string;
  readonly since: string;
}

const schedules = { apiVersion: apiVersions.schedules } as const;
/** Lists jobs by schedule, and starts one out of turn. */
const jobsApi = "2024-01-01-preview";
const alertsApi = "2019-05-05-preview";

/** The stage's monitor. @throws CommandError when it has none */
export function monitorIn(workspace: Workspace): string {
  const name = workspace.outputs["monitorName"];
  if (typeof name === "string") return `${workspace.id}/schedules/${name}`;
  throw new CommandError(
    `stage ${workspace.stage} has no monitor`,
    `pulumi config set --path azure-mlops:collect.enabled true --stack ${workspace.stage}, the same with monitor.enabled, then pulumi up --stack ${workspace.stage} (docs/monitoring.md)`,
  );
}

/** Starts the monitor now; returns its job's name. */
export async function runNow(workspace: Workspace, monitorId: string): Promise<string> {
  const asked = { scheduleTime: new Date().toISOString() };
  const { submissionId } = await workspace.azure.post<{ submissionId: string }>(`${monitorId}/trigger`, asked, { apiVersion: jobsApi });
  return submissionId;
}

type Definition = { properties: { action: { monitorDefinition: { signals: Record<string, { features?: { features?: string[] } }> } } } };
type Job = {
  name: string;
  systemData?: { createdAt?: string };
  properties: { status: string; outputs?: Record<string, { uri?: string } | null> | null };
};

/** The newest runs, the newest first; what failed or is under way has no signals. */
export async function monitorRuns(
  workspace: Workspace,
  monitorId: string,
  most: number,
  minRows: number,
  signal: AbortSignal,
): Promise<MonitorRun[]> {
  const { azure } = workspace;
  const { properties } = await azure.get<Definition>(monitorId, schedules);
  const watched = properties.action.monitorDefinition.signals;
  const jobs: Job[] = [];
  const query = { scheduled: "true", scheduleId: monitorId };
  for await (const job of azure.list<Job>(`${workspace.id}/jobs`, { apiVersion: jobsApi, query })) {
    jobs.push(job);
    if (jobs.length >= most) break;
  }
  return Promise.all(
    jobs.map(async ({ name, systemData, properties: { status, outputs } }): Promise<MonitorRun> => {
      const uri = outputs?.["signal_output"]?.uri;
      const files = status === "Completed" && uri ? await signalFiles(workspace, uri, signal) : [];
      const signals = files.map((file) => readSignal(file, watched[file.signalName]?.features?.features ?? [], minRows));
      return { job: name, status, at: systemData?.createdAt ?? "", signals };
    }),
  );
}

async function signalFiles(workspace: Workspace, uri: string, signal: AbortSignal): Promise<SignalFile[]> {
  const place = await openUri(workspace.azure, workspace.id, uri, signal);
  const found = (await listFiles(place, signal)).filter(({ path }) => /^signals\/[^/]+\.json$/.test(path));
  return Promise.all(found.map(async ({ path }) => JSON.parse((await downloadFile(place, path, signal)).toString("utf8")) as SignalFile));
}

/** Alerts that are on at this moment, on anything of the stage's workspace. */
export async function firedAlerts(workspace: Workspace): Promise<FiredAlert[]> {
  type Alert = { properties: { essentials: { severity: string; alertRule: string; targetResource: string; startDateTime: string } } };
  const url = `/subscriptions/${workspace.azure.subscriptionId}/providers/Microsoft.AlertsManagement/alerts`;
  const query = { monitorCondition: "Fired", targetResourceGroup: workspace.outputs.resourceGroupName };
  const fired: FiredAlert[] = [];
  for await (const { properties } of workspace.azure.list<Alert>(url, { apiVersion: alertsApi, query })) {
    const { severity, alertRule, targetResource, startDateTime } = properties.essentials;
    fired.push({ rule: alertRule.split("/").at(-1)!, severity, target: targetResource.split("/").at(-1)!, since: startDateTime });
  }
  return fired;
}
