// Batch endpoints, their deployments and jobs as data (Microsoft.MachineLearningServices/workspaces/batchEndpoints, api 2023-04-01 and later).
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { ENDPOINT_NAMES } from "../serving/rules.ts";
import { findEnvironment } from "../environments/references.ts";
import { batchJobs, scoringUri } from "../jobs/batch/invoke.ts";
import { componentOf, modelOf } from "../jobs/batch/plan.ts";
import { componentSpec } from "../jobs/components.ts";
import { field, objectField, textField } from "../jobs/fields.ts";
import { locateInput } from "../jobs/inputs.ts";
import { targetOf } from "../jobs/nodes.ts";
import { notModeled, userError } from "../jobs/refuse.ts";
import { withoutNulls } from "./job.ts";

const ENDPOINTS = "Microsoft.MachineLearningServices/workspaces/batchEndpoints";
const DEPLOYMENTS = `${ENDPOINTS}/deployments`;

const endpointBody = z.looseObject({
  properties: z.looseObject({
    authMode: z.string().nullish(),
    description: z.string().nullish(),
    defaults: z.looseObject({ deploymentName: z.string().nullish() }).nullish(),
  }),
});

export const batchEndpoints: ResourceType<z.infer<typeof endpointBody>> = {
  type: ENDPOINTS,
  body: endpointBody,
  tracked: true,
  names: ENDPOINT_NAMES,
  latencySeconds: 30,
  check({ after }, sandbox) {
    const mode = textField(after.properties, "authMode") ?? "AADToken";
    if (mode.toLowerCase() !== "aadtoken") throw userError(`authMode is '${mode}'; batch endpoints take AADToken only.`, "authMode");
    const wanted = textField(objectField(after.properties, "defaults"), "deploymentName");
    if (wanted && !sandbox.resources.get(`${after.id}/deployments/${wanted}`))
      throw userError(
        `defaults.deploymentName is '${wanted}', but the endpoint has no such deployment; create it first.`,
        "defaults.deploymentName",
      );
  },
  fill({ before, after }, sandbox) {
    return {
      ...after,
      kind: after.kind ?? "Managed",
      identity: after.identity ?? before?.identity ?? { type: "SystemAssigned", principalId: randomUUID(), tenantId: sandbox.tenantId },
      properties: {
        description: null,
        properties: {},
        ...withoutNulls(after.properties),
        authMode: "AADToken",
        defaults: after.properties["defaults"] ?? {},
        scoringUri: scoringUri(sandbox, after),
        swaggerUri: `${sandbox.urls.base}/batch${after.id}/swagger.json`,
      },
    };
  },
  // Nothing to start, but a long operation as in Azure.
  async provision() {},
  actions: {
    listKeys: () => {
      throw notModeled("Keys of a batch endpoint", "batch endpoints have none; they take Entra tokens");
    },
  },
};

const deploymentBody = z.looseObject({
  properties: z.looseObject({
    miniBatchSize: z.number().int().min(1).nullish(),
    errorThreshold: z.number().int().min(-1).nullish(),
    maxConcurrencyPerInstance: z.number().int().min(1).nullish(),
    outputFileName: z.string().nullish(),
    outputAction: z.enum(["AppendRow", "SummaryOnly"]).nullish(),
    retrySettings: z.looseObject({ maxRetries: z.number().int().min(0).nullish(), timeout: z.string().nullish() }).nullish(),
    environmentVariables: z.record(z.string(), z.string().nullable()).nullish(),
  }),
});

export const batchDeployments: ResourceType<z.infer<typeof deploymentBody>> = {
  type: DEPLOYMENTS,
  body: deploymentBody,
  tracked: true,
  names: ENDPOINT_NAMES,
  latencySeconds: 60,
  check: checkDeployment,
  async provision() {},
  fill({ after }) {
    const given = withoutNulls(after.properties);
    return {
      ...after,
      properties: {
        description: null,
        properties: {},
        environmentVariables: {},
        errorThreshold: -1,
        loggingLevel: "Info",
        maxConcurrencyPerInstance: 1,
        miniBatchSize: 10,
        outputAction: "AppendRow",
        outputFileName: "predictions.csv",
        ...given,
        retrySettings: { maxRetries: 3, timeout: "PT30S", ...withoutNulls(objectField(given, "retrySettings")) },
        resources: { instanceCount: 1, instanceType: null, properties: {}, ...withoutNulls(objectField(given, "resources")) },
      },
    };
  },
};

/** Everything that the deployment names has to be there. */
function checkDeployment({ after }: { after: ArmResource }, sandbox: SandboxContext): void {
  const workspaceId = after.id.split("/").slice(0, -4).join("/");
  const found = (what: string, look: () => unknown): void => {
    try {
      look();
    } catch (error) {
      if (error instanceof ArmError) throw userError(`${what}: ${error.message}`);
      throw error;
    }
  };
  const component = componentOf(after);
  if (component !== undefined) return found("component", () => componentSpec(sandbox, component, workspaceId));
  const { properties } = after;
  const compute = textField(properties, "compute");
  const target = targetOf(sandbox, compute, workspaceId);
  if (!compute || !target) throw userError(`compute is '${compute ?? "missing"}'; name a cluster of the workspace.`, "compute");
  const instances = Number(field(objectField(properties, "resources"), "instanceCount") ?? 1);
  if (instances > target.limit)
    throw userError(
      `resources.instanceCount is ${instances}, but compute '${target.name}' has at most ${target.limit} nodes.`,
      "resources.instanceCount",
    );
  const model = modelOf(after);
  if (model) found("model", () => locateInput(sandbox, model, workspaceId));
  const environment = textField(properties, "environmentId");
  if (environment) findEnvironment(sandbox, environment, workspaceId);
  const code = objectField(properties, "codeConfiguration");
  const codeId = textField(code, "codeId");
  if (codeId) {
    found("codeConfiguration", () => locateInput(sandbox, codeId, workspaceId));
    if (!textField(code, "scoringScript")) throw userError("codeConfiguration has no scoringScript.", "codeConfiguration.scoringScript");
  } else if (!model) throw userError("The deployment has neither a scoring script (codeConfiguration) nor a model.", "model");
}

/** `GET …/jobs`: what the endpoint, or one deployment, has run. Jobs are started at the scoring address. */
const listOfJobs = (parent: string): ResourceType => ({
  type: `${parent}/jobs`,
  body: z.looseObject({}),
  provisioningState: false,
  check() {
    throw new ArmError(405, "MethodNotAllowed", "Jobs of a batch endpoint are started by a POST to its scoringUri.");
  },
  list: (scope, _query, sandbox) => batchJobs(sandbox, scope),
});

export const batchTypes = [batchEndpoints, batchDeployments, listOfJobs(ENDPOINTS), listOfJobs(DEPLOYMENTS)] as ResourceType[];
