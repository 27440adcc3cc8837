// Scoring through the sandbox's router against the inference server alone.
import type { Figure } from "./figures.ts";
import { measure as load } from "./scoring.ts";

export async function measure(report: (line: string) => void): Promise<Figure[]> {
  const { medianRatio, p99Ratio, direct, routed, failures } = await load();
  report(`direct ${direct.perSecond.toFixed(0)}/s, routed ${routed.perSecond.toFixed(0)}/s, ${failures} failures`);
  if (failures > 0) throw new Error(`${failures} requests failed; latencies of failures say nothing`);
  const how = "32 connections, rounds in turn, the median of the rounds' ratios";
  return [
    {
      name: "scoring through the router against the inference server alone, median latency",
      value: medianRatio,
      unit: "×",
      atMost: 1.3,
      how,
    },
    { name: "scoring through the router against the inference server alone, p99 latency", value: p99Ratio, unit: "×", atMost: 2, how },
  ];
}
