// Microsoft.EventGrid (API 2025-02-15): system topics of workspaces, custom topics, and event subscriptions with webhooks.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { notModeled } from "../arm/errors.ts";
import { sameId } from "../arm/ids.ts";
import { ArmError } from "../core.ts";
import type { ActionResult, ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { deadLetterPlace } from "../events/deadLetter.ts";
import { filterBody } from "../events/filter.ts";
import { handshake } from "../events/handshake.ts";
import { regenerateTopicKey, topicKeys, topicPath } from "../events/keys.ts";
import { bare, onThisMachine } from "../events/outgoing.ts";
import { propertiesOf, sourceOf, subscriptionTypes, systemTopicType, topicType } from "../events/subscription.ts";
import { identity, resourceId, tags } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";
import { workspaceType } from "./workspaces.ts";

const workspaceTopic = "Microsoft.MachineLearningServices.Workspaces";

const systemTopicBody = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  properties: z.looseObject({ source: resourceId, topicType: z.string().min(1) }),
});

const systemTopics: ResourceType<z.infer<typeof systemTopicBody>> = {
  type: systemTopicType,
  body: systemTopicBody,
  tracked: true,
  latencySeconds: 10,
  names: { pattern: /^[a-zA-Z0-9-]{3,128}$/, rule: "3-128 letters, digits and hyphens" },
  check({ before, after }, sandbox) {
    const { source, topicType: kind } = after.properties as { source: string; topicType: string };
    if (kind.toLowerCase() !== workspaceTopic.toLowerCase())
      throw notModeled(`system topics of type '${kind}'`, `only workspaces raise events here (topicType '${workspaceTopic}').`);
    const workspace = sandbox.resources.get(source);
    if (workspace?.type !== workspaceType)
      throw new ArmError(400, "InvalidRequest", `properties.source: '${source}' is not a workspace that is there.`, {
        target: "properties.source",
      });
    if (after.location !== workspace.location)
      throw new ArmError(
        400,
        "InvalidRequest",
        `The system topic's location '${after.location}' must be that of its source, '${workspace.location}'.`,
        { target: "location" },
      );
    if (before && !sameId(String(before.properties["source"]), source))
      throw new ArmError(400, "InvalidRequest", "properties.source of a system topic cannot be changed.", { target: "properties.source" });
    const twin = sandbox.resources
      .all(systemTopicType)
      .find((one) => !sameId(one.id, after.id) && sameId(String(one.properties["source"]), source));
    if (twin)
      throw new ArmError(400, "InvalidRequest", `Only one system topic is allowed per source; '${twin.id}' is that of '${source}'.`);
  },
  fill: ({ before, after }) => ({
    ...after,
    properties: { ...withoutNulls(after.properties), metricResourceId: before?.properties["metricResourceId"] ?? randomUUID() },
  }),
};

const topicBody = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  properties: z
    .looseObject({
      inputSchema: z.enum(["EventGridSchema", "CloudEventSchemaV1_0", "CustomEventSchema"]).nullish(),
      publicNetworkAccess: z.enum(["Enabled", "Disabled", "SecuredByPerimeter"]).nullish(),
      disableLocalAuth: z.boolean().nullish(),
      minimumTlsVersionAllowed: z.enum(["1.0", "1.1", "1.2"]).nullish(),
    })
    .nullish(),
});

const topics: ResourceType<z.infer<typeof topicBody>> = {
  type: topicType,
  body: topicBody,
  tracked: true,
  latencySeconds: 15,
  names: { pattern: /^[a-zA-Z0-9-]{3,50}$/, rule: "3-50 letters, digits and hyphens" },
  check({ after }, sandbox) {
    if (after.properties["inputSchema"] !== "EventGridSchema")
      throw notModeled(
        `topics with inputSchema '${String(after.properties["inputSchema"])}'`,
        "publishers use Event Grid's own schema here.",
      );
    const twin = sandbox.resources.all(topicType).find((one) => topicPath(one) === topicPath(after) && !sameId(one.id, after.id));
    if (twin) throw new ArmError(409, "Conflict", `The topic name '${after.name}' is taken in region '${after.location}'.`);
  },
  fill: ({ before, after }, sandbox) => ({
    ...after,
    properties: {
      inputSchema: "EventGridSchema",
      publicNetworkAccess: "Enabled",
      disableLocalAuth: false,
      minimumTlsVersionAllowed: "1.2",
      dataResidencyBoundary: "WithinGeopair",
      ...withoutNulls(after.properties),
      endpoint: `${sandbox.urls.base}/eventgrid/topics/${topicPath(after)}/api/events`,
      metricResourceId: before?.properties["metricResourceId"] ?? randomUUID(),
    },
  }),
  actions: {
    listKeys: (topic, _body, sandbox) => keys(topic, sandbox),
    regenerateKey(topic, body, sandbox) {
      const name = (body as { keyName?: unknown } | undefined)?.keyName;
      if (name !== "key1" && name !== "key2")
        throw new ArmError(400, "InvalidRequest", `keyName is '${String(name)}'; it must be key1 or key2.`, { target: "keyName" });
      regenerateTopicKey(sandbox.db, topic.id, name === "key1" ? 1 : 2);
      return keys(topic, sandbox);
    },
  },
};

function keys(topic: ArmResource, sandbox: SandboxContext): ActionResult {
  const [key1, key2] = topicKeys(sandbox.db, topic.id);
  return { body: { key1, key2 } };
}

const deadLetter = z
  .looseObject({
    endpointType: z.literal("StorageBlob"),
    properties: z.looseObject({ resourceId, blobContainerName: z.string().min(3) }),
  })
  .nullish();

const subscriptionBody = z.looseObject({
  properties: z.looseObject({
    destination: z.looseObject({ endpointType: z.string(), properties: z.looseObject({}).nullish() }).nullish(),
    deliveryWithResourceIdentity: z.unknown().optional(),
    filter: filterBody.nullish(),
    labels: z.array(z.string()).nullish(),
    eventDeliverySchema: z.enum(["EventGridSchema", "CloudEventSchemaV1_0", "CustomInputSchema"]).nullish(),
    retryPolicy: z
      .looseObject({
        maxDeliveryAttempts: z.int().min(1).max(30).nullish(),
        eventTimeToLiveInMinutes: z.int().min(1).max(1440).nullish(),
      })
      .nullish(),
    deadLetterDestination: deadLetter,
    deadLetterWithResourceIdentity: z.looseObject({ deadLetterDestination: deadLetter }).nullish(),
    expirationTimeUtc: z.string().nullish(),
  }),
});

const subscriptions: ResourceType<z.infer<typeof subscriptionBody>>[] = subscriptionTypes.map((type) => ({
  type,
  body: subscriptionBody,
  ...(type === "Microsoft.EventGrid/eventSubscriptions" ? { extension: true } : {}),
  latencySeconds: 10,
  names: { pattern: /^[a-zA-Z0-9-]{3,64}$/, rule: "3-64 letters, digits and hyphens" },
  fill({ before, after }, sandbox) {
    const given = withoutNulls(after.properties);
    const policy = withoutNulls((given["retryPolicy"] ?? {}) as Record<string, unknown>);
    const filter = withoutNulls((given["filter"] ?? {}) as Record<string, unknown>);
    return {
      ...after,
      properties: {
        ...given,
        // A body that came from a GET has only the base of the address; the rest of it is kept.
        destination: destinationOf(given["destination"], before),
        filter: {
          subjectBeginsWith: "",
          subjectEndsWith: "",
          ...filter,
        },
        eventDeliverySchema: given["eventDeliverySchema"] ?? "EventGridSchema",
        retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440, ...policy },
        topic: sourceOf(after, sandbox),
      },
    };
  },
  check: ({ after }, sandbox) => checkSubscription(after, sandbox),
  async provision(resource, sandbox, signal) {
    await handshake(resource, sandbox, signal);
  },
  show: withoutSecrets,
  actions: {
    getFullUrl: (resource) => ({ body: { endpointUrl: propertiesOf(resource).destination.properties.endpointUrl } }),
    getDeliveryAttributes: () => ({ body: { value: [] } }),
  },
}));

type Destination = { endpointType: string; properties: Record<string, unknown> };

function destinationOf(given: unknown, before: ArmResource | undefined): unknown {
  if (typeof given !== "object" || given === null) return given;
  const { endpointType, properties } = given as Destination;
  const { endpointBaseUrl, ...rest } = withoutNulls(properties ?? {});
  const old = before && propertiesOf(before).destination.properties.endpointUrl;
  const kept = rest["endpointUrl"] ?? (old !== undefined && bare(old) === endpointBaseUrl ? old : undefined);
  return {
    endpointType,
    properties: { maxEventsPerBatch: 1, preferredBatchSizeInKilobytes: 64, ...rest, ...(kept ? { endpointUrl: kept } : {}) },
  };
}

/** The address of a webhook may hold a key: only its base is shown, as in Azure. */
function withoutSecrets(resource: ArmResource): ArmResource {
  const { endpointType, properties } = resource.properties["destination"] as Destination;
  const { endpointUrl, ...rest } = properties;
  const destination = { endpointType, properties: { ...rest, endpointBaseUrl: bare(String(endpointUrl)) } };
  return { ...resource, properties: { ...resource.properties, destination } };
}

function checkSubscription(subscription: ArmResource, sandbox: SandboxContext): void {
  const bad = (target: string, message: string): ArmError => new ArmError(400, "InvalidRequest", `${target} ${message}`, { target });
  const { properties } = subscription;
  const source = sourceOf(subscription, sandbox);
  if (![workspaceType, topicType].includes(sandbox.resources.get(source)?.type ?? ""))
    throw notModeled(`event subscriptions on '${source}'`, "only workspaces and custom topics raise events here.");
  if (properties["deliveryWithResourceIdentity"])
    throw notModeled("deliveryWithResourceIdentity", "webhooks here are called with what their address holds; use destination.");
  const destination = properties["destination"] as Destination | undefined;
  if (!destination) throw bad("properties.destination", "is missing.");
  if (destination.endpointType !== "WebHook")
    throw notModeled(`destinations of type '${destination.endpointType}'`, "events are delivered to webhooks only (endpointType WebHook).");
  const { endpointUrl: url, maxEventsPerBatch: batch, ...rest } = destination.properties;
  if (typeof url !== "string" || !URL.canParse(url)) throw bad("properties.destination.properties.endpointUrl", "must be a URL.");
  if (new URL(url).protocol !== "https:")
    throw bad("properties.destination.properties.endpointUrl", `'${bare(url)}' must be an https address.`);
  if (!onThisMachine(url))
    throw notModeled(`the webhook ${bare(url)}`, "the sandbox calls nothing outside this machine; name one at https://localhost.");
  if (!Number.isInteger(batch) || Number(batch) < 1 || Number(batch) > 5000)
    throw bad("properties.destination.properties.maxEventsPerBatch", "must be a whole number from 1 to 5000.");
  for (const name of ["azureActiveDirectoryTenantId", "azureActiveDirectoryApplicationIdOrUri", "deliveryAttributeMappings"])
    if (rest[name] && !(Array.isArray(rest[name]) && rest[name].length === 0))
      throw notModeled(`a webhook's ${name}`, "put what the webhook needs into its address.");
  if (properties["eventDeliverySchema"] === "CustomInputSchema")
    throw notModeled("eventDeliverySchema 'CustomInputSchema'", "topics here take Event Grid's own schema.");
  const place = deadLetterPlace(subscription);
  if (!place) return;
  if (!sandbox.resources.get(place.accountId))
    throw bad("properties.deadLetterDestination", `names storage account '${place.account}', which is not there.`);
}

export const eventGridTypes = [systemTopics, topics, ...subscriptions];
