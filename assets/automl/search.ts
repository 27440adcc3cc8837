// Search spaces of text and image models: each parameter is a value or a distribution, and goes to Azure as text.
import { earlyTermination, terminationBody } from "../common/sweep.ts";
import { list, object, union, type Entity } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { bool, int, num, oneOf, str, strictInt } from "../schema/scalars.ts";
import { Float, pythonString, type Yaml } from "../yaml/value.ts";

const typed = (...types: readonly string[]) => required(oneOf(types));
const number = union(strictInt, num);
const choiceOf = (item: Field) => object({ type: typed("choice"), values: list(item) });
const randint = object({ type: typed("randint"), upper: required(int) });
const uniform = (of: Field, more = {}, ...types: readonly string[]) =>
  object({ type: typed(...types), min_value: required(of), max_value: required(of), ...more });
const normal = (of: Field, more = {}, ...types: readonly string[]) =>
  object({ type: typed(...types), mu: required(of), sigma: required(of), ...more });
const q = (of: Field) => ({ q: required(of) });

/** A parameter that is a number with a fraction. */
export const searchedNumber = union(
  num,
  strictInt,
  choiceOf(strictInt),
  choiceOf(num),
  uniform(number, {}, "uniform", "loguniform"),
  uniform(number, q(number), "quniform", "qloguniform"),
  normal(number, {}, "normal", "lognormal"),
  normal(number, q(number), "qnormal", "qlognormal"),
  randint,
);
/** A whole number; images also take whole steps. */
export const searchedInteger = union(strictInt, choiceOf(strictInt), randint);
export const searchedStep = union(
  strictInt,
  choiceOf(strictInt),
  randint,
  uniform(strictInt, q(strictInt), "quniform", "qloguniform"),
  normal(strictInt, q(strictInt), "qnormal", "qlognormal"),
);
export const searched = (item: Field): Field => union(choiceOf(item), item);
export const searchedText = searched(str);
export const searchedFlag = searched(bool);

/** How the space is searched. The SDK sends a word only, not the settings that a sweep job may have. */
export const sweepSettings = object({
  sampling_algorithm: required(oneOf(["random", "grid", "bayesian"])),
  early_termination: earlyTermination,
});

export const sweepSettingsBody = (value: Entity<typeof sweepSettings.fields> | undefined): unknown =>
  value && {
    samplingAlgorithm: value.sampling_algorithm,
    earlyTermination: terminationBody(value.early_termination),
  };

/** `uniform(0.1,0.5)`, `choice('a','b')`, or the value itself, as the SDK writes them. */
export function searchText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object" || value instanceof Float) return pythonString(value as Yaml);
  const { type, ...parameters } = value as { type: string; values?: unknown[] };
  const items = parameters.values
    ? parameters.values.map(quoted)
    : Object.values(inOrder(parameters as Record<string, unknown>)).map(quoted);
  return `${type}(${items.join(",")})`;
}

const ORDER = ["min_value", "max_value", "mu", "sigma", "q", "upper"];
const inOrder = (parameters: Record<string, unknown>): unknown[] => ORDER.flatMap((name) => (name in parameters ? [parameters[name]] : []));
const quoted = (value: unknown): string => (typeof value === "string" ? `'${value}'` : pythonString(value as Yaml));
