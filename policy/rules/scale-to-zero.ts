// Compute in dev costs nothing while no one uses it.
import { longestIdleSeconds } from "../limits.ts";
import { at, type Finding, type ResourceRule, type Subject } from "../rule.ts";

function check({ props }: Subject): Finding[] {
  const kind = at(props, "properties.computeType");
  if (kind === "AmlCompute") return cluster(props);
  if (kind !== "ComputeInstance") return [];
  const idle = at(props, "properties.properties.idleTimeBeforeShutdown");
  if (typeof idle === "string" && seconds(idle) <= longestIdleSeconds * 2) return [];
  return [
    {
      problem: `idleTimeBeforeShutdown is ${shown(idle)}; it must be at most PT60M`,
      fix: "set idle_time_before_shutdown_minutes: 60 or less",
    },
  ];
}

function cluster(props: Subject["props"]): Finding[] {
  const scale = "properties.properties.scaleSettings";
  const least = at(props, `${scale}.minNodeCount`) ?? 0;
  const idle = at(props, `${scale}.nodeIdleTimeBeforeScaleDown`);
  return [
    ...(least === 0 ? [] : [{ problem: `minNodeCount is ${shown(least)}; it must be 0`, fix: "set min_instances: 0" }]),
    ...(typeof idle === "string" && seconds(idle) <= longestIdleSeconds
      ? []
      : [
          {
            problem: `nodeIdleTimeBeforeScaleDown is ${shown(idle)}; it must be at most PT${longestIdleSeconds}S`,
            fix: `set azure-mlops:compute.idleSeconds to ${longestIdleSeconds} or less`,
          },
        ]),
  ];
}

const shown = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));

/** ISO 8601 durations as Azure writes them: `PT2M`, `PT1H30M`, `P1D`. */
export function seconds(duration: string): number {
  const [, days, hours, minutes, rest] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(duration) ?? [];
  if (days === undefined && hours === undefined && minutes === undefined && rest === undefined) return Infinity;
  return Number(days ?? 0) * 86_400 + Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(rest ?? 0);
}

export const scaleToZero: ResourceRule = {
  name: "scale-to-zero",
  description: "in dev, clusters scale to no nodes and instances shut down when idle",
  stacks: ["dev", "auto"],
  check: { "azure-native:machinelearningservices:Compute": check },
};
