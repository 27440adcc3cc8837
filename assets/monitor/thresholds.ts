// What a monitor's signals measure, and from which value on they tell: fields and request.
import type { Build } from "../kinds/kind.ts";
import { dict, list, object } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { num, oneOf, str } from "../schema/scalars.ts";
import type { Path } from "../yaml/source.ts";
import type { Float } from "../yaml/value.ts";

const numericalDrift = [
  ...["jensen_shannon_distance", "population_stability_index", "normalized_wasserstein_distance", "two_sample_kolmogorov_smirnov_test"],
] as const;
const categoricalDrift = ["jensen_shannon_distance", "population_stability_index", "pearsons_chi_squared_test"] as const;
const qualityRates = ["null_value_rate", "data_type_error_rate", "out_of_bounds_rate"] as const;
const performance: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  classification: { accuracy: "Accuracy", precision: "Precision", recall: "Recall" },
  regression: { mae: "MeanAbsoluteError", mse: "MeanSquaredError", rmse: "RootMeanSquaredError" },
};
/** Judgements of a language model, each with a share that passes and a mark that is good enough. */
const judgements = ["groundedness", "relevance", "coherence", "fluency", "similarity"] as const;

const numbers = (names: readonly string[]) => object(Object.fromEntries(names.map((name) => [name, num])));
export const driftThresholds = object({ numerical: numbers(numericalDrift), categorical: numbers(categoricalDrift) });
export const qualityThresholds = object({ numerical: numbers(qualityRates), categorical: numbers(qualityRates) });
export const attributionThresholds = object({ normalized_discounted_cumulative_gain: num, threshold: num });
export const performanceThresholds = object({
  classification: numbers(Object.keys(performance["classification"]!)),
  regression: numbers(Object.keys(performance["regression"]!)),
});
export const customThresholds = list(object({ metric_name: required(str), threshold: num }));
export const judgementThresholds = object(
  Object.fromEntries(
    judgements.map((name) => [name, dict(num, oneOf([`aggregated_${name}_pass_rate`, `acceptable_${name}_score_per_instance`]))]),
  ),
);
export const tokenThresholds = object({ totaltoken: dict(num, oneOf(["total_token_count", "total_token_count_per_group"])) });

export type Numbers = Record<string, Float>;
type Named = Record<string, Numbers | undefined> | undefined;

const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(`_${name}`);
const threshold = (metric: string, value: number): object => ({ metric, threshold: { value } });

/** Drift and quality: rates as the SDK orders them, and the others after. */
export function byTypeBody(given: Named): object[] {
  const place = ([name]: [string, Float]): number => (qualityRates as readonly string[]).indexOf(name);
  return Object.entries(given ?? {}).flatMap(([kind, metrics]): object[] => {
    const dataType = pascal(kind);
    const each = Object.entries(metrics ?? {}).toSorted((a, b) => place(a) - place(b));
    // The SDK sends a kind without metrics as it is.
    return each.length ? each.map(([name, { value }]) => ({ dataType, ...threshold(camel(name), value) })) : [{ dataType }];
  });
}

/** Zero is no threshold, for the SDK. */
export const attributionBody = (given: { normalized_discounted_cumulative_gain?: Float }): object => ({
  metric: "normalizedDiscountedCumulativeGain",
  threshold: given.normalized_discounted_cumulative_gain?.value ? { value: given.normalized_discounted_cumulative_gain.value } : undefined,
});

/** All of them are in the properties, as text; the first stands in the request. */
export function performanceBody(given: Named, build: Build, path: Path): { first: object | undefined; text: string } {
  const [kind = "regression", metrics] = Object.entries(given ?? {}).find(([, found]) => found !== undefined) ?? [];
  if (!metrics || Object.keys(metrics).length === 0)
    build.problem(path, "a model_performance signal needs a threshold", "write for example `regression: {rmse: 60}`");
  const all = Object.entries(metrics ?? {}).map(([name, { value }]) => ({
    modelType: kind,
    ...threshold(performance[kind]![name]!, value),
  }));
  return { first: all[0], text: JSON.stringify(all) };
}

export const customBody = (given: readonly { metric_name: string; threshold?: Float }[]): object[] =>
  given.map(({ metric_name: metric, threshold: one }) => ({ metric, threshold: one && { value: one.value } }));

/** Each judgement in two numbers: the mark is 3 unless it says so. */
export function judgementBody(given: Named, build: Build, path: Path): object[] {
  return judgements.flatMap((name) => {
    const one = given?.[name];
    if (!one || Object.keys(one).length === 0) return [];
    return pair(one, [`acceptable_${name}_score_per_instance`, `aggregated_${name}_pass_rate`], build, [...path, name]);
  });
}

export function tokenBody(given: Named, build: Build, path: Path): object[] {
  if (given === undefined) return [threshold("TotalTokenCount", 0), threshold("TotalTokenCountPerGroup", 0)];
  const one = given["totaltoken"];
  if (!one || Object.keys(one).length === 0) return [];
  return pair(one, ["total_token_count", "total_token_count_per_group"], build, [...path, "totaltoken"]);
}

function pair(given: Numbers, [first, second]: readonly [string, string], build: Build, path: Path): object[] {
  if (!given[second]) build.problem([...path, second], "is required", `add \`${second}:\``);
  return [threshold(pascal(first), given[first]?.value ?? 3), threshold(pascal(second), given[second]?.value ?? 0)];
}
