// Microsoft.Authorization (API 2022-04-01): role assignments on any resource, and role definitions, built in and custom.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { nameOf, parentId, sameId } from "../arm/ids.ts";
import { parseCondition } from "../rbac/condition.ts";
import { assignmentType, definitionType } from "../rbac/grants.ts";
import { builtInRoles } from "./roles.ts";

const guid = { pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, rule: "a GUID" };

const assignmentBody = z.looseObject({
  properties: z.looseObject({
    roleDefinitionId: z.string(),
    principalId: z.guid(),
    principalType: z.enum(["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"]).nullish(),
    condition: z.string().nullish(),
  }),
});

export const roleAssignments: ResourceType<z.infer<typeof assignmentBody>> = {
  type: assignmentType,
  body: assignmentBody,
  extension: true,
  showsDeleted: true,
  provisioningState: false,
  names: { ...guid, rule: "The role assignment ID must be a GUID", code: "InvalidRoleAssignmentId" },
  check({ before, after }, sandbox) {
    const { roleDefinitionId, principalId, condition } = after.properties as Record<
      "roleDefinitionId" | "principalId" | "condition",
      string
    >;
    if (condition) parseCondition(condition);
    if (!role(roleDefinitionId, sandbox)) {
      throw new ArmError(
        400,
        "RoleDefinitionDoesNotExist",
        `The specified role definition with ID '${nameOf(roleDefinitionId)}' does not exist.`,
      );
    }
    if (before && (!sameRole(before, roleDefinitionId) || !sameId(String(before.properties["principalId"]), principalId))) {
      throw new ArmError(
        400,
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
      );
    }
    const twin = sandbox.resources
      .list(parentId(after.id), assignmentType)
      .find(
        (one) =>
          !sameId(one.id, after.id) &&
          sameId(parentId(one.id), parentId(after.id)) &&
          sameRole(one, roleDefinitionId) &&
          sameId(String(one.properties["principalId"]), principalId),
      );
    if (twin)
      throw new ArmError(
        409,
        "RoleAssignmentExists",
        `The role assignment already exists. The ID of the existing role assignment is ${twin.name.replaceAll("-", "")}.`,
      );
  },
  fill({ before, after, principalId }) {
    return {
      ...after,
      properties: {
        principalType: "ServicePrincipal",
        ...after.properties,
        scope: parentId(after.id) || "/",
        ...written(before, principalId),
      },
    };
  },
  list(scope, query, sandbox) {
    const filter = query.get("$filter") ?? "";
    const principal = /(?:principalId eq|assignedTo\() ?'([^']+)'/i.exec(filter)?.[1];
    const own = /atScope\(\)/i.test(filter);
    const found = own
      ? [...ancestors(scope), scope].flatMap((one) =>
          sandbox.resources.list(one, assignmentType).filter((found) => sameId(parentId(found.id), one)),
        )
      : sandbox.resources.list(scope, assignmentType);
    return found.filter((one) => principal === undefined || sameId(String(one.properties["principalId"]), principal));
  },
};

/** Who wrote it, and when. */
function written(before: ArmResource | undefined, principalId: string): Record<string, unknown> {
  const now = new Date().toISOString();
  const { createdOn = now, createdBy = principalId } = before?.properties ?? {};
  return { createdOn, createdBy, updatedOn: now, updatedBy: principalId };
}

const sameRole = (assignment: ArmResource, definitionId: string): boolean =>
  sameId(nameOf(String(assignment.properties["roleDefinitionId"])), nameOf(definitionId));

function ancestors(scope: string): string[] {
  const found: string[] = [];
  for (let at = parentId(scope); at !== "" && at !== scope; scope = at, at = parentId(at)) found.unshift(at);
  const subscription = /^\/subscriptions\/[^/]+/.exec(scope)?.[0];
  return subscription && !found.includes(subscription) && subscription !== scope ? [subscription, ...found] : found;
}

const definitionBody = z.looseObject({
  properties: z.looseObject({
    roleName: z.string().min(1),
    permissions: z.array(z.looseObject({ actions: z.array(z.string()).nullish() })).min(1),
    assignableScopes: z.array(z.string()).min(1),
  }),
});

export const roleDefinitions: ResourceType<z.infer<typeof definitionBody>> = {
  type: definitionType,
  body: definitionBody,
  extension: true,
  putStatus: 201,
  showsDeleted: true,
  provisioningState: false,
  names: { ...guid, code: "InvalidRoleDefinitionId" },
  check({ after }) {
    if (builtInRoles[after.name.toLowerCase()])
      throw new ArmError(400, "RoleDefinitionIdInvalid", `The role '${after.name}' is built in and cannot be changed.`);
  },
  fill: ({ before, after, principalId }) => ({
    ...after,
    properties: { description: "", ...after.properties, type: "CustomRole", ...written(before, principalId) },
  }),
  remove(resource, sandbox, cascade) {
    if (builtInRoles[resource.name.toLowerCase()])
      throw new ArmError(400, "RoleDefinitionIdInvalid", `The role '${resource.name}' is built in and cannot be deleted.`);
    const used = sandbox.resources.all(assignmentType).filter((one) => sameRole(one, resource.id));
    if (used.length && !cascade) {
      throw new ArmError(
        409,
        "RoleDefinitionHasAssignments",
        `There are existing role assignments referencing role (code: RoleDefinitionHasAssignments), e.g. ${used[0]!.id}.`,
      );
    }
  },
  find(id) {
    const found = builtInRoles[nameOf(id).toLowerCase()];
    return found && definition(id, found);
  },
  list(scope, query, sandbox) {
    const wanted = /roleName eq '((?:[^']|'')*)'/i.exec(query.get("$filter") ?? "")?.[1]?.replaceAll("''", "'");
    const base = scope ? `${scope}/providers/${definitionType}` : `/providers/${definitionType}`;
    const builtIn = Object.entries(builtInRoles).map(([name, one]) => definition(`${base}/${name}`, one));
    return [...builtIn, ...sandbox.resources.all(definitionType)].filter(
      (one) => wanted === undefined || one.properties["roleName"] === wanted,
    );
  },
};

function definition(id: string, { name, actions, notActions, dataActions }: (typeof builtInRoles)[string]): ArmResource {
  return {
    id,
    name: nameOf(id).toLowerCase(),
    type: definitionType,
    properties: {
      roleName: name,
      type: "BuiltInRole",
      description: name,
      assignableScopes: ["/"],
      permissions: [{ actions, notActions, dataActions, notDataActions: [] }],
    },
  };
}

/** The definition behind a role's id, wherever that says it lives. */
export function role(id: string, sandbox: SandboxContext): ArmResource | undefined {
  const name = nameOf(id);
  const builtIn = builtInRoles[name.toLowerCase()];
  return builtIn ? definition(id, builtIn) : sandbox.resources.all(definitionType).find((one) => sameId(one.name, name));
}
