// The data collector of online deployments.
import { DependencyMark } from "../body.ts";
import type { Build } from "../kinds/kind.ts";
import { buildData, type DataEntity } from "../kinds/data.ts";
import { isUrl } from "../schema/azure.ts";
import { dict, list, object, type Entity } from "../schema/compound.ts";
import { required, type At } from "../schema/field.ts";
import { checked, num, oneOf, str } from "../schema/scalars.ts";
import type { Float } from "../yaml/value.ts";

const uri = checked(str, (path: string, at: At) => {
  if (!isUrl(path)) at.fail("must be a URI", "write azureml://datastores/<datastore>/paths/<folder>", path);
});

const fields = {
  collections: required(
    dict(
      object({
        enabled: required(oneOf(["true", "false"])),
        data: object({ name: str, path: uri, version: str, data_id: str }),
        client_id: str,
      }),
    ),
  ),
  rolling_rate: oneOf(["minute", "day", "hour"]),
  sampling_rate: checked(num, (value: Float, at: At) => {
    if (value.value < 0 || value.value > 1) at.fail("must be from 0.0 to 1.0", "write a share, such as 0.1", value);
  }),
  request_logging: object({ capture_headers: list(str) }),
} as const;

export const dataCollector = object(fields);
export type DataCollector = Entity<typeof fields>;

/** Each collection goes to a data asset of its own, which is registered before the deployment. */
export function collectorBody(value: DataCollector, deployment: { endpoint_name: string; name: string }, build: Build): unknown {
  const slot = deployment.name.toLowerCase();
  const collections = Object.entries(value.collections).map(([key, item]) => {
    const given = item.data;
    const data: DataEntity = {
      name: given?.name || `${deployment.endpoint_name}-${slot}-${key}`,
      version: given?.version || "1",
      path: given?.path || `azureml://datastores/workspaceblobstore/paths/modelDataCollector/${deployment.endpoint_name}/${slot}/${key}`,
    };
    const body = {
      dataCollectionMode: item.enabled === "true" ? "enabled" : "disabled",
      samplingRate: value.sampling_rate,
      dataId: new DependencyMark(build.inline("data", data, buildData(data, build))),
      clientId: item.client_id,
    };
    return [key, body] as const;
  });
  return {
    collections: Object.fromEntries(collections),
    rollingRate: value.rolling_rate,
    requestLogging: value.request_logging && { captureHeaders: value.request_logging.capture_headers },
  };
}
