// AutoML's featurization settings as the trial's program takes them: off, automatic, or automatic with exceptions.
import { field, isObject, objectField, textField, type Json } from "../fields.ts";
import { notModeled, userError } from "../refuse.ts";

export interface Featurization {
  readonly mode: "auto" | "off";
  /** Column → `Numeric`, `Categorical`, `DateTime`, `Ignore`. */
  readonly purposes: Readonly<Record<string, string>>;
  /** Imputation by column: `mean`, `median`, `most_frequent`, or `constant` with a value. */
  readonly imputers: readonly { readonly columns: readonly string[]; readonly strategy: string; readonly fill?: unknown }[];
}

const purposes = ["Numeric", "Categorical", "CategoricalHash", "DateTime", "Ignore"];

/** Throws 501 for transformers that the trial's program does not have, 400 for what no one has. */
export function featurizationOf(where: string, details: Json): Featurization {
  const raw = field(details, "featurizationSettings") ?? field(details, "featurization");
  const settings = isObject(raw) ? raw : {};
  const mode = (typeof raw === "string" ? raw : (textField(settings, "mode") ?? "auto")).toLowerCase();
  if (!["auto", "off", "custom"].includes(mode))
    throw userError(`${where}: featurization mode "${mode}" is none; modes are auto, off, custom.`, "featurization");
  if (((field(settings, "blockedTransformers") ?? []) as unknown[]).length > 0)
    throw notModeled(`${where}: featurization.blocked_transformers`, "its featurization has no parts that could be left out; use mode off");
  const given = objectField(settings, "columnNameAndTypes");
  for (const [column, purpose] of Object.entries(given)) {
    if (purposes.includes(String(purpose))) continue;
    if (purpose === "Text") throw notModeled(`${where}: featurization of column "${column}" as Text`, "it makes no features of texts");
    throw userError(
      `${where}: featurization: column "${column}" is to be "${String(purpose)}"; purposes are ${purposes.join(", ")}.`,
      "featurization",
    );
  }
  const imputers: { columns: string[]; strategy: string; fill?: unknown }[] = [];
  for (const [name, list] of Object.entries(objectField(settings, "transformerParams"))) {
    if (name.toLowerCase() !== "imputer")
      throw notModeled(`${where}: featurization.transformer_params.${name}`, "only the imputer's parameters are understood");
    for (const one of Array.isArray(list) ? list.filter(isObject) : []) {
      const parameters = objectField(one, "parameters");
      const fill = field(parameters, "fillValue");
      imputers.push({
        columns: ((field(one, "fields") ?? []) as unknown[]).map(String),
        strategy: textField(parameters, "strategy") ?? "median",
        ...(fill === undefined ? {} : { fill }),
      });
    }
  }
  return { mode: mode === "off" ? "off" : "auto", purposes: given as Record<string, string>, imputers };
}
