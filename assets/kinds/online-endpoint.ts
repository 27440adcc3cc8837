// Online endpoints (`az ml online-endpoint`), managed and Kubernetes.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-online; REST OnlineEndpoint 2022-02-01-preview.
import { ReferenceMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { assigned, identity, pascal } from "../common/identity.ts";
import { armId } from "../schema/azure.ts";
import { dict, extend, object, type Entity } from "../schema/compound.ts";
import { readOnly, required, type At } from "../schema/field.ts";
import { camelToSnake, checked, int, oneOf, str, text } from "../schema/scalars.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

/** Names of endpoints and deployments. */
export const endpointName = text(
  /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
  "a name of letters, digits and hyphens that starts with a letter and does not end with a hyphen",
  "change the name",
);

/** What online and batch endpoints share. */
export const endpointFields = {
  id: str,
  name: required(endpointName),
  description: str,
  tags: anyDict,
  provisioning_state: str,
  properties: anyDict,
  auth_mode: oneOf(["aml_token", "key", "aad_token"], { transform: camelToSnake }),
  scoring_uri: str,
  location: str,
  openapi_uri: str,
  identity,
} as const;

const fields = {
  ...endpointFields,
  traffic: checked(dict(int), (traffic: Record<string, number | bigint>, at: At) => {
    const sum = Object.values(traffic).reduce((total: number, part) => total + Number(part), 0);
    if (sum > 100) at.fail(`traffic adds up to ${sum} %`, "make the parts add up to 100 or less");
  }),
  kind: readOnly(str),
  mirror_traffic: dict(int),
} as const;

const managed = object({ ...fields, public_network_access: oneOf(["enabled", "disabled"]) }, { pathAware: true });
const kubernetes = extend(object(fields, { pathAware: true }), { compute: armId("compute") });

export type OnlineEndpointEntity = Entity<typeof managed.fields> & Entity<typeof kubernetes.fields>;

export const managedOnlineEndpoint = defineKind<OnlineEndpointEntity>({
  kind: "managedOnlineEndpoint",
  noun: "onlineEndpoint",
  field: managed,
  build: buildEndpoint,
});
export const kubernetesOnlineEndpoint = defineKind<OnlineEndpointEntity>({
  kind: "kubernetesOnlineEndpoint",
  noun: "onlineEndpoint",
  field: kubernetes,
  build: buildEndpoint,
});

const AUTH_MODES: Record<string, string> = { aml_token: "AMLToken", key: "Key", aad_token: "AADToken" };

function buildEndpoint(entity: OnlineEndpointEntity, build: Build): Draft {
  checkNameLength(entity.name, build);
  const given = entity.identity;
  if (given && !given.type) build.problem(["identity"], "an identity needs a type", "add `type: system_assigned` or `type: user_assigned`");
  return {
    name: entity.name,
    version: null,
    body: {
      // Azure wants the workspace's own region; the SDK asks for it, a caller sets it.
      location: null,
      tags: entity.tags ?? {},
      identity: given
        ? {
            type: pascal(given.type),
            userAssignedIdentities: assigned(given, () => ({})),
          }
        : { type: "SystemAssigned" },
      properties: {
        description: entity.description,
        authMode: AUTH_MODES[entity.auth_mode ?? "key"],
        properties: entity.properties ?? {},
        traffic: withoutZeros(entity.traffic),
        mirrorTraffic: withoutZeros(entity.mirror_traffic),
        publicNetworkAccess: entity.public_network_access,
        compute: entity.compute === undefined ? null : new ReferenceMark("compute", entity.compute),
      },
    },
  };
}

/** Names of endpoints and deployments have 3 to 32 characters. */
export function checkNameLength(name: string | undefined, build: Build): void {
  if (name !== undefined && (name.length < 3 || name.length > 32))
    build.problem(["name"], `must have 3 to 32 characters, not ${name.length}`, "change the name", name);
}

const withoutZeros = (traffic: Record<string, number | bigint> | undefined): Record<string, number | bigint> =>
  Object.fromEntries(Object.entries(traffic ?? {}).filter(([, part]) => Number(part) !== 0));
