// Data that a monitor looks at: what it is compared with, and what a model was asked and answered lately.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-monitor; REST MonitoringInputDataBase 2023-06-01-preview.
import { inputUri, tabularInput, type DataInput } from "../common/job-io.ts";
import { versioned } from "../common/marks.ts";
import type { Build } from "../kinds/kind.ts";
import { dict, object, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { oneOf, str } from "../schema/scalars.ts";
import type { Path } from "../yaml/source.ts";

const window = object({ window_start: str, window_end: str, lookback_window_size: str, lookback_window_offset: str });
const dataFields = {
  input_data: required(tabularInput),
  data_context: oneOf(["model_inputs", "model_outputs", "training", "test", "validation", "ground_truth"]),
  pre_processing_component: str,
  data_window: window,
  data_column_names: dict(str),
} as const;
export const monitorData = object(dataFields);
export type MonitorData = Entity<typeof dataFields>;

const roles = oneOf(["prediction", "prediction_probability", "correlation_id"]);
/** Production data of a signal on what features contribute: its columns have certain names. */
export const attributionData = object({ ...dataFields, data_column_names: dict(str, roles) });
/** Production data of what a language model answered. */
export const languageData = object({ input_data: required(tabularInput), data_column_names: dict(str), data_window: window });

/** How much one run looks at unless it says so: ISO durations. */
export interface UsualWindow {
  readonly production: string;
  readonly reference: string;
}

/** Data that moves along with time. */
export function trailing(value: MonitorData, usual: string, build: Build, path: Path): object {
  const { lookback_window_size: size, lookback_window_offset: offset, window_start: start, window_end: end } = value.data_window ?? {};
  if (start !== undefined || end !== undefined)
    build.problem(
      [...path, "data_window"],
      "production data has a window that moves along",
      "write lookback_window_size and lookback_window_offset",
    );
  return {
    ...common(value, build, path),
    ...{ inputDataType: "Trailing", windowSize: size === undefined || size === "default" ? usual : size, windowOffset: offset ?? "P0D" },
    preprocessingComponentId: component(value, build, path),
  };
}

/** Data that others are compared with: of a time that moves along, of a fixed time, or all of it. */
export function reference(value: MonitorData, usual: UsualWindow, build: Build, path: Path): object {
  const { lookback_window_size: size, lookback_window_offset: offset, window_start: start, window_end: end } = value.data_window ?? {};
  const preprocessingComponentId = component(value, build, path);
  if (size !== undefined)
    return {
      ...common(value, build, path),
      ...{ inputDataType: "Trailing", windowSize: size === "default" ? usual.reference : size },
      windowOffset: offset === "default" ? usual.production : (offset ?? "P0D"),
      preprocessingComponentId,
    };
  if (start === undefined || end === undefined) return { ...common(value, build, path), inputDataType: "Fixed" };
  const day = (text: string, name: string): string => {
    if (!/^\d{4}-\d{1,2}-\d{1,2}$/.test(text))
      build.problem([...path, "data_window", name], "must be a day", 'write for example "2024-01-31"', text);
    const [year = "", month = "", date = ""] = text.split("-");
    return `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}T00:00:00.000Z`;
  };
  return {
    ...common(value, build, path),
    ...{ inputDataType: "Static", windowStart: day(start, "window_start"), windowEnd: day(end, "window_end") },
    preprocessingComponentId,
  };
}

const common = (value: MonitorData, build: Build, path: Path): object => ({
  ...{ dataContext: value.data_context, columns: value.data_column_names },
  jobInputType: (value.input_data as DataInput).type ?? "uri_folder",
  uri: inputUri(value.input_data, build, [...path, "input_data"]),
});

const component = ({ pre_processing_component: text }: MonitorData, build: Build, path: Path): unknown =>
  text === undefined ? undefined : versioned("component", text.replace(/^azureml:/, ""), build, [...path, "pre_processing_component"]);
