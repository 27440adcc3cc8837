// The data collector of online deployments.
import { ReferenceMark } from "../body.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { required, type At } from "../schema/field.ts";
import { checked, num, oneOf, str } from "../schema/scalars.ts";
import type { Float } from "../yaml/value.ts";

const fields = {
  collections: dict(object({ enabled: required(oneOf(["true", "false"])), data: union(object({ name: str, path: str, version: str, data_id: str }), str), client_id: str })),
  rolling_rate: oneOf(["minute", "day", "hour"]),
  sampling_rate: checked(num, (value: Float, at: At) => {
    if (value.value < 0 || value.value > 1) at.fail("must be from 0.0 to 1.0", "write a share, such as 0.1", value);
  }),
  request_logging: object({ capture_headers: list(str) }),
} as const;

export const dataCollector = object(fields);
export type DataCollector = Entity<typeof fields>;

/** Each collection goes to a data asset of its own, which the SDK registers under this name before the deployment. */
export function collectorBody(value: DataCollector, deployment: { endpoint_name: string; name: string }): unknown {
  const collections = Object.entries(value.collections ?? {}).map(([key, item]) => {
    const given = typeof item.data === "object" ? item.data : undefined;
    const name = given?.name || `${deployment.endpoint_name}-${deployment.name.toLowerCase()}-${key}`;
    return [
      key,
      {
        dataCollectionMode: item.enabled === "true" ? "enabled" : "disabled",
        samplingRate: value.sampling_rate,
        dataId: new ReferenceMark("data", `${name}:${given?.version || "1"}`),
        clientId: item.client_id,
      },
    ] as const;
  });
  return { collections: Object.fromEntries(collections), rollingRate: value.rolling_rate, requestLogging: value.request_logging && { captureHeaders: value.request_logging.capture_headers } };
}
