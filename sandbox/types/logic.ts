// Microsoft.Logic/workflows (API 2019-05-01) with triggers and run history, and Microsoft.Web/connections (API 2016-06-01) for mail.
import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { notModeled } from "../arm/errors.ts";
import { nameOf, parentId } from "../arm/ids.ts";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { callbackUrl } from "../workflows/callback.ts";
import { checkDefinition, definitionBody } from "../workflows/definition.ts";
import type { Definition } from "../workflows/definition.ts";
import { workflowType } from "../workflows/room.ts";
import { definitionOf, workflowRunner } from "../workflows/runner.ts";
import { workflowRuns } from "../workflows/store.ts";
import type { ActionResult, WorkflowRun } from "../workflows/store.ts";
import { identity, tags } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";

type Json = Record<string, unknown>;

const workflowBody = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  properties: z.looseObject({
    definition: definitionBody,
    parameters: z.record(z.string(), z.looseObject({ value: z.unknown() })).nullish(),
    state: z.enum(["Enabled", "Disabled"]).nullish(),
  }),
});

const isSecret = (type: string | undefined): boolean => /^secure(string|object)$/i.test(type ?? "");

const workflows: ResourceType<z.infer<typeof workflowBody>> = {
  type: workflowType,
  body: workflowBody,
  tracked: true,
  latencySeconds: 5,
  names: { pattern: /^[A-Za-z0-9_.()-]{1,80}$/, rule: "1-80 letters, digits, hyphens, underscores, dots and brackets" },
  check({ after }) {
    for (const key of ["accessControl", "integrationAccount", "integrationServiceEnvironment"])
      if (after.properties[key]) throw notModeled(`a workflow's ${key}`, "its workflows are called with the signature of their address.");
    const definition = definitionOf(after);
    checkDefinition(definition);
    const given = (after.properties["parameters"] ?? {}) as Json;
    for (const name of Object.keys(given))
      if (!Object.hasOwn(definition.parameters ?? {}, name))
        throw new ArmError(400, "InvalidTemplate", `The parameter '${name}' is not declared in the workflow's definition.`);
    for (const [name, { defaultValue }] of Object.entries(definition.parameters ?? {}))
      if (given[name] === undefined && defaultValue === undefined)
        throw new ArmError(
          400,
          "WorkflowParameterValueMissing",
          `The parameter '${name}' of the definition has neither a value nor a default.`,
        );
  },
  fill({ before, after }, sandbox) {
    const given = withoutNulls(after.properties);
    const old = before?.properties ?? {};
    return {
      ...after,
      properties: {
        state: "Enabled",
        parameters: {},
        ...given,
        createdTime: old["createdTime"] ?? new Date().toISOString(),
        changedTime: new Date().toISOString(),
        version: versionOf(given["definition"]),
        accessEndpoint: old["accessEndpoint"] ?? `${sandbox.urls.base}/workflows/${randomUUID().replaceAll("-", "")}`,
        sku: { name: "Consumption" },
      },
    };
  },
  // Secure parameters are written and never read.
  show(workflow) {
    const declared = definitionOf(workflow).parameters ?? {};
    const parameters = Object.entries(workflow.properties["parameters"] as Json).map(([name, value]) => {
      const type = declared[name]?.type;
      return [name, isSecret(type) ? { type } : value];
    });
    return { ...workflow, properties: { ...workflow.properties, parameters: Object.fromEntries(parameters) as Json } };
  },
  remove: (workflow, sandbox) => workflowRuns(sandbox).forget(workflow.id),
  actions: {
    enable: (workflow, _body, sandbox) => switched(workflow, "Enabled", sandbox),
    disable: (workflow, _body, sandbox) => switched(workflow, "Disabled", sandbox),
    listCallbackUrl: (workflow, _body, sandbox) => ({
      body: callbackUrl(sandbox, workflow, Object.keys(definitionOf(workflow).triggers)[0]!),
    }),
  },
};

const versionOf = (definition: unknown): string =>
  BigInt(`0x${createHash("sha256").update(JSON.stringify(definition)).digest("hex").slice(0, 15)}`)
    .toString()
    .padStart(20, "0");

function switched(workflow: ArmResource, state: string, sandbox: SandboxContext): { status: number } {
  sandbox.resources.put({ ...workflow, properties: { ...workflow.properties, state } });
  return { status: 200 };
}

/** Read only: what the workflow itself brings about. */
function readOnly(
  type: string,
  below: (parent: string, sandbox: SandboxContext) => ArmResource[],
  more: Partial<ResourceType> = {},
): ResourceType {
  return {
    type,
    body: z.looseObject({}),
    provisioningState: false,
    check() {
      throw new ArmError(405, "MethodNotAllowed", `'${type}' can be read only.`);
    },
    find: (id, sandbox) => below(parentId(id), sandbox).find((one) => one.name.toLowerCase() === nameOf(id).toLowerCase()),
    list: (scope, _query, sandbox) => below(scope, sandbox),
    ...more,
  };
}

const triggers = readOnly(
  `${workflowType}/triggers`,
  (parent, sandbox) => {
    const workflow = sandbox.resources.get(parent);
    return Object.keys(workflow ? definitionOf(workflow).triggers : {}).map((name) => ({
      id: `${parent}/triggers/${name}`,
      name,
      type: `${workflowType}/triggers`,
      properties: { provisioningState: "Succeeded", state: workflow!.properties["state"], workflow: { id: parent } },
    }));
  },
  {
    actions: {
      listCallbackUrl: (trigger, _body, sandbox) => ({
        body: callbackUrl(sandbox, sandbox.resources.get(parentId(trigger.id))!, trigger.name),
      }),
      run(trigger, body, sandbox) {
        const workflow = sandbox.resources.get(parentId(trigger.id))!;
        const [run] = workflowRunner(sandbox).trigger(workflow, { headers: {}, body });
        return { status: 202, ...(run ? { headers: { "x-ms-workflow-run-id": run.id } } : {}) };
      },
    },
  },
);

const runs = readOnly(`${workflowType}/runs`, (parent, sandbox) =>
  workflowRuns(sandbox)
    .list(parent)
    .map((run) => shownRun(parent, run, sandbox)),
);

function shownRun(workflow: string, run: WorkflowRun, sandbox: SandboxContext): ArmResource {
  const definition = sandbox.resources.get(workflow)?.properties["definition"] as Definition | undefined;
  const trigger = Object.keys(definition?.triggers ?? {})[0];
  return {
    id: `${workflow}/runs/${run.id}`,
    name: run.id,
    type: `${workflowType}/runs`,
    properties: {
      status: run.status,
      startTime: run.startTime,
      endTime: run.endTime,
      error: run.error,
      trigger: { name: trigger, startTime: run.startTime, status: "Succeeded" },
      workflow: { id: workflow },
    },
  };
}

const runActions = readOnly(`${workflowType}/runs/actions`, (parent, sandbox) =>
  [...workflowRuns(sandbox).actions(nameOf(parent))].map(([place, result]) => shownAction(parent, place, result)),
);

/** Inputs and outputs are in the answer itself here; Logic Apps gives links to them. */
function shownAction(run: string, place: string, { name, secure, inputs, outputs, ...rest }: ActionResult): ArmResource {
  return {
    id: `${run}/actions/${place}`,
    name: place,
    type: `${workflowType}/runs/actions`,
    properties: {
      ...rest,
      ...(secure.includes("inputs") || inputs === undefined ? {} : { inputs }),
      ...(secure.includes("outputs") || outputs === undefined ? {} : { outputs }),
      ...(place === name ? {} : { action: name }),
    },
  };
}

const connectionBody = z.looseObject({
  location: z.string().optional(),
  tags,
  properties: z.looseObject({
    displayName: z.string().nullish(),
    api: z.looseObject({ id: z.string() }),
    parameterValues: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const connections: ResourceType<z.infer<typeof connectionBody>> = {
  type: "Microsoft.Web/connections",
  body: connectionBody,
  tracked: true,
  provisioningState: false,
  latencySeconds: 5,
  names: { pattern: /^[A-Za-z0-9_.()-]{1,80}$/, rule: "1-80 letters, digits, hyphens, underscores, dots and brackets" },
  check({ after }) {
    const api = nameOf((after.properties["api"] as { id: string }).id);
    if (api !== "acsemail")
      throw notModeled(
        `the connector '${api}'`,
        "it has 'acsemail', mail by Azure Communication Services, whose mail lands in the outbox.",
      );
  },
  fill({ before, after }) {
    const given = withoutNulls(after.properties);
    const api = given["api"] as { id: string };
    return {
      ...after,
      properties: {
        displayName: after.name,
        ...given,
        api: { ...api, name: nameOf(api.id), type: "Microsoft.Web/locations/managedApis" },
        parameterValues: given["parameterValues"] ?? before?.properties["parameterValues"] ?? {},
        statuses: [{ status: "Connected" }],
        createdTime: before?.properties["createdTime"] ?? new Date().toISOString(),
        changedTime: new Date().toISOString(),
      },
    };
  },
  show(connection) {
    const { parameterValues: _secret, ...properties } = connection.properties;
    return { ...connection, properties };
  },
};

export const logicTypes = [workflows, triggers, runs, runActions, connections];
