// What a monitor watches unless its file says it, and which signals have to name their data themselves.
import type { Build } from "../kinds/kind.ts";
import type { Path } from "../yaml/source.ts";
import { Float } from "../yaml/value.ts";
import type { Signal } from "./signals.ts";

export type Signals = Readonly<Record<string, Signal>>;

const each = <T>(of: () => T) => ({ numerical: of(), categorical: of() });
const rates = () => ({ null_value_rate: new Float(0), data_type_error_rate: new Float(0), out_of_bounds_rate: new Float(0) });
const drift = {
  numerical: { normalized_wasserstein_distance: new Float(0.1) },
  categorical: { jensen_shannon_distance: new Float(0.1) },
};

/** The SDK's own signals on what a deployment collects. */
export const usualSignals: Signals = {
  "data-drift-signal": { type: "data_drift", features: "all_features", metric_thresholds: drift },
  "prediction-drift-signal": { type: "prediction_drift", metric_thresholds: drift },
  "data-quality-signal": { type: "data_quality", features: "all_features", metric_thresholds: each(rates) },
};
/** The same for a model that answers questions. */
export const usualLanguageSignals: Signals = { "token-usage-signal": { type: "generation_token_statistics" } };

/** Data that a signal does not name is what the deployment collects; without a deployment each signal names its own. */
export function requireData(one: Signal, build: Build, path: Path): void {
  const sides = {
    ...{ data_drift: ["production_data", "reference_data"], data_quality: ["production_data", "reference_data"] },
    ...{ prediction_drift: ["production_data", "reference_data"], feature_attribution_drift: ["production_data"] },
    ...{ generation_token_statistics: ["production_data"], generation_safety_quality: [], model_performance: [], custom: [] },
  }[one.type];
  for (const side of sides)
    if ((one as unknown as Record<string, unknown>)[side] === undefined)
      build.problem(
        [...path, side],
        "is required where no deployment collects the data",
        `add \`${side}:\`, or \`monitoring_target: {endpoint_deployment_id: azureml:<endpoint>:<deployment>}\``,
      );
}
