// Makes a deployment the default of its batch endpoint once a small job of it went well. Killed on the way, the old default stays and the next
// run begins with a job of its own.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Azure } from "../azure/client.ts";
import { readBatchEndpoint, startBatchJob, writeBatchEndpoint } from "../azure/batch.ts";
import type { BatchChange, BatchEndpoint } from "../azure/batch.ts";
import { downloadFile } from "../azure/blobs.ts";
import { isConflict } from "../azure/errors.ts";
import { apiVersions, nameOf, scopeOf } from "../azure/ids.ts";
import { openUri } from "../azure/models.ts";
import { reasonOf } from "../release/flow/batch.ts";
import { followJob } from "../release/flow/follow.ts";
import { outputUris } from "../release/flow/release/evidence.ts";
import { openWorkspace } from "../release/flow/workspace.ts";
import type { Workspace } from "../release/flow/workspace.ts";
import type { BatchRolloutInputs } from "./batchRollout.ts";
import { differences } from "./kind.ts";
import type { Call, Properties } from "./kind.ts";
import { whileRolesSettle } from "./patience.ts";

/** How long another change of the same endpoint is waited for. */
const settleMs = 10 * 60_000;

/** Carries out the rollout and returns the resource's outputs. `before` is undefined for the first one. */
export async function switchDefault(inputs: BatchRolloutInputs, before: BatchRolloutInputs | undefined, call: Call): Promise<Properties> {
  const azure = await call.azure();
  const { deployment, deployments, check } = inputs;
  const start = await whileRolesSettle(call, () => settled(azure, inputs.endpointId, call));
  const old = start.properties.defaults?.deploymentName ?? undefined;
  const isNew = old !== deployment || !sameContent(before?.deployments[deployment], deployments[deployment]);
  let job: string | undefined;
  if (isNew && check) {
    try {
      job = await checked(azure, start, inputs, check, call);
    } catch (error) {
      if (call.signal.aborted) throw error;
      const stays = old === undefined ? "the endpoint has no default deployment" : `${old} stays the default`;
      throw new Error(`${deployment} failed its check; ${stays}: ${(error as Error).message}`, { cause: error });
    }
  } else if (isNew) call.note(`${deployment} becomes the default unchecked: there is no sample data for a small job`);
  const end = await write(azure, inputs, before, call);
  if (old !== deployment) call.note(`default deployment ${old === undefined ? "" : `${old} → `}${deployment}`);
  return { ...inputs, scoringUri: end.properties.scoringUri ?? "", ...(job ? { checkedBy: job } : {}) };
}

/** No default, so that the deployments may be deleted. Nothing there is no error. */
export async function takeDefaultAway({ endpointId }: BatchRolloutInputs, call: Call): Promise<void> {
  const azure = await call.azure();
  const endpoint = await readBatchEndpoint(azure, endpointId, call.signal);
  if (!endpoint?.properties.defaults?.deploymentName) return;
  await retried(call, async () => {
    const now = await settled(azure, endpointId, call);
    await writeBatchEndpoint(azure, now, { deployment: null }, { signal: call.signal });
  });
}

/** A frozen deployment says no more than its model: it stays as it was, whatever it was. */
const sameContent = (was: string | undefined, is: string | undefined): boolean =>
  was === is || (was !== undefined && is !== undefined && was.startsWith(`${is},`));

/** Runs the small job to its end. @returns its name @throws Error with what the job says of itself */
async function checked(
  azure: Azure,
  endpoint: BatchEndpoint,
  { deployment }: BatchRolloutInputs,
  check: NonNullable<BatchRolloutInputs["check"]>,
  call: Call,
): Promise<string> {
  const name = `batch-check-${deployment}-${randomBytes(5).toString("hex")}`;
  // What was just made may not be known to the service's other half yet.
  await whileRolesSettle(call, () => startBatchJob(azure, endpoint, check.inputs, { deployment, name, signal: call.signal }));
  call.say(`${deployment}: job ${name} scores the sample data`);
  const workspace = workspaceOf(azure, endpoint.id);
  const limit = AbortSignal.timeout(check.minutes * 60_000);
  const asked = { signal: AbortSignal.any([call.signal, limit]), onLine: () => undefined };
  try {
    const { status, error } = await followJob(workspace, name, {
      ...asked,
      onStatus: (step, now) => call.say(`${deployment}: job ${name}${step ? `, ${step}` : ""}: ${now}`),
    });
    if (status !== "Completed") throw new Error(`job ${name} ended ${status}: ${reasonOf(error)}`);
  } catch (error) {
    const late = limit.aborted && !call.signal.aborted;
    if (late || call.signal.aborted)
      await azure
        .post(`${workspace.id}/jobs/${name}/cancel`, undefined, { apiVersion: apiVersions.machineLearning })
        .catch(() => undefined);
    throw late ? new Error(`job ${name} did not end within ${check.minutes} minutes and is canceled`) : error;
  }
  if (check.file !== undefined) {
    const rows = await rowsOf(workspace, name, check.file, call.signal);
    if (rows === 0) throw new Error(`job ${name} completed, and ${check.file} has no line`);
    call.note(`${deployment}: job ${name} scored the sample data, ${rows} lines in ${check.file}`);
  } else call.note(`${deployment}: job ${name} completed on the sample data`);
  return name;
}

async function rowsOf(workspace: Workspace, job: string, file: string, signal: AbortSignal): Promise<number> {
  const score = (await outputUris(workspace, job, signal))["score"];
  if (!score) return 0;
  const place = await openUri(workspace.azure, workspace.id, score.uri, signal);
  const bytes = await downloadFile(place, file, signal);
  return bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "").length;
}

function workspaceOf(azure: Azure, endpointId: string): Workspace {
  const [, , , , group = ""] = endpointId.split("/");
  return openWorkspace(azure, "", { resourceGroupName: decodeURIComponent(group), workspaceName: nameOf(scopeOf(endpointId)) });
}

async function write(azure: Azure, inputs: BatchRolloutInputs, before: BatchRolloutInputs | undefined, call: Call): Promise<BatchEndpoint> {
  return retried(call, async () => {
    const now = await settled(azure, inputs.endpointId, call);
    const { deployment, description } = inputs;
    const gone = Object.keys(before?.tags ?? {}).filter((name) => inputs.tags?.[name] === undefined);
    const others = Object.entries(now.tags ?? {}).filter(([name]) => !gone.includes(name));
    const change: BatchChange = {
      deployment,
      tags: { ...Object.fromEntries(others), ...inputs.tags },
      ...(description === undefined ? {} : { description }),
    };
    const same =
      now.properties.defaults?.deploymentName === deployment &&
      differences(now.tags ?? {}, change.tags, "tags").length === 0 &&
      (description === undefined || description === (now.properties.description ?? ""));
    return same ? now : writeBatchEndpoint(azure, now, change, { signal: call.signal, onProgress: call.say });
  });
}

/** Again with what is there now, when somebody else wrote meanwhile. */
async function retried<T>(call: Call, work: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left === 0 || !isConflict(error)) throw error;
      await sleep(1000, undefined, { signal: call.signal });
    }
  }
}

/** The endpoint, once nothing is being done to it. */
async function settled(azure: Azure, id: string, call: Call): Promise<BatchEndpoint> {
  const until = Date.now() + settleMs;
  for (;;) {
    const endpoint = await readBatchEndpoint(azure, id, call.signal);
    if (!endpoint) throw new Error(`the batch endpoint ${nameOf(id)} does not exist; it was deleted outside of Pulumi: run pulumi refresh`);
    const state = endpoint.properties.provisioningState ?? "Succeeded";
    if (["Succeeded", "Failed", "Canceled"].includes(state)) return endpoint;
    if (Date.now() > until) throw new Error(`the batch endpoint ${nameOf(id)} is still ${state} after ${settleMs / 60_000} minutes`);
    call.say(`the batch endpoint is ${state}; waiting`);
    await sleep(1000, undefined, { signal: call.signal });
  }
}
