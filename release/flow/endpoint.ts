// An online endpoint as its users meet it: is it healthy, what does it answer, what do its containers say.
import { apiVersions, nameOf } from "../../azure/ids.ts";
import { type OnlineEndpoint, readEndpoint as readOnlineEndpoint, score as call, scoringToken } from "../../azure/online.ts";
import { CommandError } from "../command.ts";
import { pause } from "./follow.ts";
import type { Workspace } from "./workspace.ts";

export interface EndpointState {
  readonly id: string;
  readonly name: string;
  readonly provisioningState: string;
  readonly scoringUri: string;
  readonly authMode: OnlineEndpoint["properties"]["authMode"];
  /** Percent per deployment. */
  readonly traffic: Readonly<Record<string, number>>;
  readonly deployments: readonly DeploymentState[];
}

export interface DeploymentState {
  readonly name: string;
  readonly provisioningState: string;
  /** ARM id or `azureml://` reference of the model. */
  readonly model: string | undefined;
  readonly instances: number | undefined;
}

interface DeploymentBody {
  readonly name: string;
  readonly sku?: { capacity?: number };
  readonly properties: { provisioningState: string; model?: string };
}

const options = { apiVersion: apiVersions.machineLearning };

/** ARM id of the stage's endpoint. */
export function endpointId(workspace: Workspace): string {
  const name = workspace.outputs.endpointName;
  if (!name) {
    throw new CommandError(
      `stage ${workspace.stage} has no endpoint: its config names no modelVersion`,
      `\`mlops deploy --stage ${workspace.stage}\` deploys the newest model of its workspace`,
    );
  }
  return `${workspace.id}/onlineEndpoints/${name}`;
}

export async function readEndpoint(workspace: Workspace): Promise<EndpointState> {
  const id = endpointId(workspace);
  const endpoint = await readOnlineEndpoint(workspace.azure, id);
  if (!endpoint) throw new CommandError(`endpoint ${nameOf(id)} is gone`, `pulumi up --stack ${workspace.stage} --refresh makes it again`);
  const deployments: DeploymentState[] = [];
  for await (const { name, sku, properties } of workspace.azure.list<DeploymentBody>(`${id}/deployments`, options)) {
    deployments.push({ name, provisioningState: properties.provisioningState, model: properties.model, instances: sku?.capacity });
  }
  const { provisioningState = "Unknown", scoringUri = "", authMode, traffic = {} } = endpoint.properties;
  return { id, name: endpoint.name, provisioningState, scoringUri, authMode, traffic, deployments };
}

/** States in which Azure refuses every change (409). */
const changing = new Set(["Creating", "Updating", "Deleting", "Scaling"]);

/**
 * Waits until nothing of the stage's endpoint is being changed any more: a run that was killed leaves changes that go on without it. Where
 * no run has ended well yet, the stack does not know the endpoint's name, and all of the workspace are looked at. After `seconds` it is
 * left to Azure to refuse.
 */
export async function whenIdle(
  workspace: Workspace,
  wait: { seconds: number; signal: AbortSignal; onWait(why: string): void },
): Promise<void> {
  const { azure, id, outputs } = workspace;
  const deadline = Date.now() + wait.seconds * 1000;
  const busy = async (): Promise<string | undefined> => {
    for await (const endpoint of azure.list<DeploymentBody>(`${id}/onlineEndpoints`, options)) {
      if (outputs.endpointName !== undefined && endpoint.name !== outputs.endpointName) continue;
      const all = [endpoint];
      for await (const one of azure.list<DeploymentBody>(`${id}/onlineEndpoints/${endpoint.name}/deployments`, options)) all.push(one);
      const found = all.find(({ properties }) => changing.has(properties.provisioningState));
      if (found) return `${found.name} is ${found.properties.provisioningState}, by an earlier run`;
    }
    return undefined;
  };
  let said = "";
  for (let why = await busy(); why !== undefined && Date.now() < deadline; why = await busy()) {
    if (why !== said) wait.onWait(why);
    said = why;
    await pause(1000, wait.signal);
  }
}

/** Why an endpoint cannot be relied on yet, or undefined when it is healthy. */
export function unhealthy(state: EndpointState): string | undefined {
  if (state.provisioningState !== "Succeeded") return `endpoint ${state.name} is ${state.provisioningState}`;
  const serving = Object.entries(state.traffic).filter(([, percent]) => percent > 0);
  if (serving.length === 0) return `endpoint ${state.name} sends traffic to no deployment`;
  for (const [name] of serving) {
    const deployment = state.deployments.find((known) => known.name === name);
    if (deployment?.provisioningState !== "Succeeded") return `deployment ${name} is ${deployment?.provisioningState ?? "missing"}`;
  }
  return undefined;
}

/** Looks until the endpoint is healthy; throws CommandError at the deadline, or at once when it has failed for good. */
export async function waitHealthy(
  workspace: Workspace,
  wait: { seconds: number; signal: AbortSignal; onWait?(why: string): void; pollMs?: number },
): Promise<EndpointState> {
  const deadline = Date.now() + wait.seconds * 1000;
  let said = "";
  for (;;) {
    const state = await readEndpoint(workspace);
    const why = unhealthy(state);
    if (!why) return state;
    const failed = [state, ...state.deployments].some(({ provisioningState }) => provisioningState === "Failed");
    if (failed || Date.now() > deadline) {
      throw new CommandError(
        failed ? why : `not healthy after ${wait.seconds} s: ${why}`,
        `\`mlops logs --stage ${workspace.stage}\` shows what the containers said`,
      );
    }
    if (why !== said) wait.onWait?.(why);
    said = why;
    await pause(wait.pollMs ?? 2000, wait.signal);
  }
}

export interface Answer {
  /** HTTP status; 0 when no answer came, with the reason as body. */
  readonly status: number;
  /** The model's own status, when the endpoint passed an error of it on as 424. */
  readonly modelStatus: number | undefined;
  /** Parsed when it is JSON. */
  readonly body: unknown;
  /** The deployment that was asked for, if one was. */
  readonly deployment: string | undefined;
  readonly milliseconds: number;
}

/** Sends one request to the endpoint, to one of its deployments when named; an answer of 4xx or 5xx is an answer too. */
export async function score(workspace: Workspace, state: EndpointState, request: unknown, deployment?: string): Promise<Answer> {
  const { authMode } = state;
  const token = await scoringToken(workspace.azure, { id: state.id, name: state.name, location: "", properties: { authMode } });
  const { status, modelStatus, body, milliseconds } = await call(state.scoringUri, {
    token,
    body: JSON.stringify(request),
    ...(deployment ? { deployment } : {}),
  });
  return { status, modelStatus, body: parsed(body), deployment, milliseconds };
}

/** No answer, too many requests, a gateway without a server: said by what stands before the model, and over in a moment as a rule. */
const passing = new Set([0, 429, 502, 503, 504]);

/** As `score`, and up to three times more when the model was not asked: one such answer is no reason to give up a release. */
export async function scorePatiently(
  workspace: Workspace,
  state: EndpointState,
  request: unknown,
  options: { readonly signal: AbortSignal; readonly deployment?: string },
): Promise<Answer> {
  for (let wait = 500; ; wait *= 2) {
    const answer = await score(workspace, state, request, options.deployment);
    if (!passing.has(answer.modelStatus ?? answer.status) || wait > 2000) return answer;
    await pause(wait, options.signal);
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** The last lines of a deployment's container log. */
export async function containerLogs(workspace: Workspace, deployment: string, lines: number, container: string): Promise<string> {
  const body = { containerType: container, tail: lines };
  const path = `${endpointId(workspace)}/deployments/${deployment}/getLogs`;
  return (await workspace.azure.post<{ content: string }>(path, body, options)).content;
}
