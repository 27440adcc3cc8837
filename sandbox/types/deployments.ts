// Microsoft.Resources/deployments (API 2022-09-01): ARM templates in resource groups and in the subscription.
import { createHash } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ActionResult, ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { engineOf } from "../arm/current.ts";
import { nameOf, parentId, sameId } from "../arm/ids.ts";
import { resourcesBelow } from "../arm/providers.ts";
import { deploy, plan } from "../deployments/deploy.ts";
import type { Progress } from "../deployments/deploy.ts";
import { whatIf } from "../deployments/what-if.ts";

const body = z.looseObject({
  location: z.string().nullish(),
  properties: z.looseObject({
    mode: z.enum(["Incremental", "Complete", "incremental", "complete"]),
    template: z.union([z.looseObject({}), z.string()]).nullish(),
    templateLink: z.unknown().optional(),
    parameters: z.looseObject({}).nullish(),
  }),
});

export const deployments: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.Resources/deployments",
  body,
  extension: true,
  latencySeconds: 1,
  names: { pattern: /^[\w.()-]{1,64}$/, rule: "1-64 letters, digits and -_.()" },
  async check({ after }, sandbox) {
    if (/^complete$/i.test(String(after.properties["mode"])))
      throw new ArmError(
        501,
        "NotModeledInSandbox",
        "The sandbox does not model deployments in Complete mode, which delete what the template does not name; use Incremental.",
      );
    if (!after.properties["template"])
      throw new ArmError(
        501,
        "NotModeledInSandbox",
        "The sandbox opens no connections, so it cannot fetch a templateLink; send the template itself.",
      );
    await plan(after, sandbox);
  },
  fill: ({ after }) => filled(after),
  async provision(resource, sandbox, signal) {
    const start = Date.now();
    const { template } = await plan(resource, sandbox);
    const update = (more: Record<string, unknown>): ArmResource => {
      const latest = sandbox.resources.get(resource.id) ?? resource;
      return sandbox.resources.put({ ...latest, properties: { ...latest.properties, ...more } });
    };
    const shownParameters = await template.shownParameters();
    const duration = (): string => `PT${((Date.now() - start) / 1000).toFixed(3)}S`;
    try {
      const { outputs, outputResources } = await deploy(resource, sandbox, signal, (all) => update({ operations: all }));
      return update({ shownParameters, outputs, outputResources, duration: duration(), timestamp: new Date().toISOString() });
    } catch (error) {
      if (!signal.aborted && error instanceof ArmError) {
        update({ shownParameters, duration: duration(), error: { code: error.code, message: error.message, details: error.details } });
      }
      throw error;
    }
  },
  show(resource) {
    const { template: _t, operations: _o, parameters: _p, shownParameters, ...properties } = resource.properties;
    return {
      ...resource,
      properties: { ...properties, mode: "Incremental", parameters: shownParameters ?? {}, dependencies: [], providers: [] },
    };
  },
  actionsBefore: ["validate", "whatIf"],
  actions: {
    async validate(resource, asked, sandbox) {
      const proposed = await proposal(resource, asked, sandbox);
      const { resources, template } = await plan(proposed, sandbox);
      const properties = {
        mode: "Incremental",
        provisioningState: "Succeeded",
        templateHash: hash(proposed.properties["template"]),
        parameters: await template.shownParameters(),
        validatedResources: resources.map(({ id }) => ({ id })),
      };
      return { body: { id: resource.id, name: resource.name, type: resource.type, properties } };
    },
    async whatIf(resource, asked, sandbox): Promise<ActionResult> {
      const proposed = await proposal(resource, asked, sandbox);
      const { resources } = await plan(proposed, sandbox);
      const engine = engineOf(sandbox);
      const settings = proposed.properties["whatIfSettings"] as { resultFormat?: string } | undefined;
      const changes = await whatIf(resources, {
        find: (id) => {
          const found = engine.find(id);
          return found && engine.shown(found);
        },
        all: resourcesBelow(engine, parentId(resource.id)).map(({ id }) => id),
        payloads: settings?.resultFormat !== "ResourceIdOnly",
      });
      return { status: 202, operation: Promise.resolve({ status: "Succeeded", properties: { correlationId: resource.name, changes } }) };
    },
    exportTemplate: (resource) => ({ body: { template: resource.properties["template"] } }),
  },
};

function filled(after: ArmResource): ArmResource {
  const given = after.properties["template"];
  const template = typeof given === "string" ? (JSON.parse(given) as unknown) : given;
  return {
    ...after,
    properties: { ...after.properties, template, templateHash: hash(template), timestamp: new Date().toISOString(), operations: [] },
  };
}

async function proposal(resource: ArmResource, asked: unknown, sandbox: SandboxContext): Promise<ArmResource> {
  const parsed = body.safeParse(asked);
  if (!parsed.success)
    throw new ArmError(
      400,
      "InvalidRequestContent",
      `The request content was invalid: ${parsed.error.issues[0]!.path.join(".")}: ${parsed.error.issues[0]!.message}.`,
    );
  const proposed = filled({ ...resource, properties: { ...parsed.data.properties } });
  await deployments.check!({ before: undefined, after: proposed, apiVersion: "", principalId: "" }, sandbox);
  return proposed;
}

const hash = (template: unknown): string =>
  BigInt(`0x${createHash("sha256").update(JSON.stringify(template)).digest("hex").slice(0, 15)}`).toString();

/** `…/deployments/{n}/operations`: what was written, one by one. */
export const deploymentOperations: ResourceType = {
  type: "Microsoft.Resources/deployments/operations",
  body: z.looseObject({}),
  find: (id, sandbox) => operationsOf(parentId(id), sandbox).find((one) => sameId(one.id, id)),
  list: (scope, _query, sandbox) => operationsOf(scope, sandbox),
  check() {
    throw new ArmError(405, "MethodNotAllowed", "Operations of a deployment cannot be written.");
  },
};

function operationsOf(deployment: string, sandbox: SandboxContext): ArmResource[] {
  return ((sandbox.resources.get(deployment)?.properties["operations"] ?? []) as Progress[]).map((one) => ({
    id: `${deployment}/operations/${one.operationId}`,
    operationId: one.operationId,
    name: one.operationId,
    type: "Microsoft.Resources/deployments/operations",
    properties: {
      provisioningOperation: "Create",
      provisioningState: one.state,
      timestamp: one.endTime ?? one.startTime,
      duration: one.endTime ? `PT${((Date.parse(one.endTime) - Date.parse(one.startTime)) / 1000).toFixed(3)}S` : undefined,
      statusCode: one.state === "Failed" ? "BadRequest" : one.state === "Succeeded" ? "OK" : "Created",
      ...(one.error ? { statusMessage: { error: one.error } } : {}),
      targetResource: { id: one.id, resourceType: one.type, resourceName: nameOf(one.id) },
    },
  }));
}
