// Looks whether a stage's deployment has expired, and takes it away with Pulumi, as `mlops deploy` brought it.
import { totalOf } from "../../azure/metrics.ts";
import { apiVersions } from "../../azure/ids.ts";
import type { Call } from "../command.ts";
import { expiry, type ExpiryRule, type Verdict, type Watched } from "../core/expiry.ts";
import { emptyStage } from "../core/stageRecord.ts";
import type { Pulumi } from "../pulumi.ts";
import type { Target } from "../target.ts";
import { endStage } from "./destroy/endStage.ts";
import { type StackName, type Subject, subjectOf } from "./doctor/subject.ts";
import { budgetOf } from "./budget.ts";
import type { History } from "./release/history.ts";
import { upStage } from "./release/stack.ts";

export interface Expired extends Verdict {
  readonly stage: string;
  /** Null when there is none. */
  readonly endpoint: string | null;
}

export interface ExpiryInput {
  readonly stage: Extract<StackName, "dev" | "auto" | "qa">;
  readonly target: Target;
  readonly pulumi: Pulumi;
  readonly history: History | undefined;
  readonly idleHours: number | undefined;
  readonly dryRun: boolean;
}

export async function expireStage(call: Call, { stage, target, pulumi, history, idleHours, dryRun }: ExpiryInput): Promise<Expired> {
  const subject = subjectOf({ stage, target, pulumi, repo: call.repo, signal: call.signal });
  const settings = await subject.trySettings();
  if (settings.kind === "shared") throw new Error(`${stage} has no deployments`);
  const none = (why: string): Expired => ({ stage, endpoint: null, expired: false, why });
  const rule: ExpiryRule = {
    whenBudgetUsedUp: settings.expire?.whenBudgetUsedUp ?? false,
    idleHours: idleHours ?? settings.expire?.idleHours,
  };
  if (rule.idleHours === undefined && !rule.whenBudgetUsedUp) return none("azure-mlops:expire is not set");
  const { groupId, names } = await subject.place();
  const endpoint = settings.endpointName ?? names.endpoint;
  const id = `${groupId}/providers/Microsoft.MachineLearningServices/workspaces/${names.workspace}/onlineEndpoints/${endpoint}`;
  const watched = await look(subject, id, rule);
  if (!watched) return none("no endpoint");
  const verdict = expiry(rule, watched);
  if (!verdict.expired || dryRun) return { stage, endpoint, ...verdict };

  call.out.progress(`expire  ${stage}: ${endpoint} goes, ${verdict.why}`);
  const { azure } = await subject.login();
  const work = async (signal: AbortSignal): Promise<void> => {
    await upStage({ ...call, signal }, azure, pulumi, { record: emptyStage(stage), target: { plan: null, frozen: false } });
    if (history) await endStage(history, stage, `expired: ${verdict.why}`);
  };
  const hold = { wait: 60, signal: call.signal, say: (line: string) => call.out.progress(line) };
  await (history ? history.holding(stage, hold, work) : work(call.signal));
  return { stage, endpoint, ...verdict };
}

/** Undefined when there is no such endpoint. */
async function look(subject: Subject, id: string, { idleHours }: ExpiryRule): Promise<Watched | undefined> {
  const { azure } = await subject.login();
  const options = { apiVersion: apiVersions.machineLearning, signal: subject.signal };
  if (!(await azure.find(id, options))) return undefined;
  let newest = 0;
  type Deployment = { readonly systemData?: { readonly createdAt?: string; readonly lastModifiedAt?: string } };
  for await (const { systemData } of azure.list<Deployment>(`${id}/deployments`, options))
    newest = Math.max(newest, Date.parse(systemData?.lastModifiedAt ?? systemData?.createdAt ?? "") || 0);
  const [requests, budget] = await Promise.all([
    idleHours === undefined ? undefined : totalOf(azure, id, "RequestsPerMinute", idleHours, subject.signal),
    budgetOf(subject),
  ]);
  return { requests, ageHours: (Date.now() - newest) / 3_600_000, budget };
}
