// mlops:operations:MonitorSchedule: a model monitor. azure-native's Schedule speaks a later API that has no model performance signal, and cannot
// delete a schedule that is enabled, which Azure refuses.
import { apiVersions } from "../azure/ids.ts";
import { differences, hasUnknown } from "./kind.ts";
import type { Call, Properties, ResourceKind } from "./kind.ts";
import { whileRolesSettle } from "./patience.ts";

/** Inputs of a monitor's schedule. */
export interface MonitorScheduleInputs {
  readonly workspaceId: string;
  readonly name: string;
  /** `properties` of the request, REST shape of api-version 2023-06-01-preview. */
  readonly properties: Properties;
}

const scheduleId = ({ workspaceId, name }: Pick<MonitorScheduleInputs, "workspaceId" | "name">): string =>
  `${workspaceId}/schedules/${name}`;
const options = ({ signal }: Call) => ({ apiVersion: apiVersions.schedules, signal });

async function write(inputs: MonitorScheduleInputs, call: Call): Promise<Properties> {
  const azure = await call.azure();
  const properties = { ...inputs.properties, isEnabled: true };
  await whileRolesSettle(call, async () => void (await azure.put(scheduleId(inputs), { properties }, options(call))));
  return { scheduleId: scheduleId(inputs) };
}

export const monitorSchedule: ResourceKind<MonitorScheduleInputs> = {
  type: "mlops:operations:MonitorSchedule",

  check: ({ name }) =>
    hasUnknown(name) || /^[a-zA-Z0-9][\w-]{0,232}$/.test(name)
      ? []
      : [{ property: "name", reason: `"${name}" must be 1-233 letters, digits, _ and -, a letter or digit first` }],

  diff: ({ inputs: before }, after) => [
    ...(["workspaceId", "name"] as const).flatMap((key) =>
      differences(before[key], after[key], key).map((difference) => ({ ...difference, replace: true })),
    ),
    ...differences(before.properties, after.properties, "properties"),
  ],

  foresee: (inputs) => (hasUnknown(inputs.workspaceId) ? {} : { scheduleId: scheduleId(inputs) }),

  async create(inputs, call) {
    return { id: scheduleId(inputs), outputs: await write(inputs, call) };
  },

  async read({ inputs, outputs }, call) {
    const found = await (await call.azure()).find(scheduleId(inputs), options(call));
    return found ? { inputs, outputs } : undefined;
  },

  update: async (_existing, inputs, call) => await write(inputs, call),

  async delete({ inputs }, call) {
    const azure = await call.azure();
    const id = scheduleId(inputs);
    const there = await azure.find<{ properties: Properties }>(id, options(call));
    if (!there) return;
    if (there.properties["isEnabled"] !== false)
      await azure.put(id, { properties: { ...inputs.properties, isEnabled: false } }, options(call));
    await azure.delete(id, options(call));
  },
};
