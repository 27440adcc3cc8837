// Scoring through the sandbox's router against the inference server alone.
import type { Benchmark } from "./figures.ts";
import { measure } from "./scoring.ts";

export const benchmark: Benchmark = {
  name: "scoring",
  async measure(report) {
    const { medianRatio, p99Ratio, direct, routed, failures } = await measure();
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
  },
};
