// The FeatureSetSpec.yaml of a feature set: checked, and written into the request as text.
import { dict, list, object, type Entity } from "../schema/compound.ts";
import { At, BAD, loadValue, required } from "../schema/field.ts";
import { int, str } from "../schema/scalars.ts";
import { ProblemsError } from "../problems.ts";
import { isUrl } from "../schema/azure.ts";
import { readSource } from "../yaml/source.ts";
import type { Build } from "../kinds/kind.ts";
import { dataColumn } from "../kinds/feature-store-entity.ts";

const delay = object({ days: int, hours: int, minutes: int });
type Delay = Entity<typeof delay.fields>;

const source = object({
  type: required(str),
  path: str,
  timestamp_column: object({ name: required(str), format: str }),
  source_delay: delay,
  source_process_code: object({ path: required(str), process_class: required(str) }),
  kwargs: dict(str),
});
type Source = Entity<typeof source.fields>;

const specification = object(
  {
    source: required(source),
    feature_transformation_code: object({ path: str, transformer_class: str }),
    features: required(list(object({ name: required(str), type: required(str), description: str, tags: dict(str) }))),
    index_columns: list(dataColumn),
    source_lookback: delay,
    temporal_join_lookback: delay,
  },
  { pathAware: true, unknown: "drop", expects: "a feature set's specification" },
);

const FILE = "FeatureSetSpec.yaml";

/** The specification as the SDK writes it into `featuresetProperties`; null after problems were reported. */
export function specificationText(path: string, build: Build): string | null {
  const place = ["specification", "path"];
  if (isUrl(path)) {
    build.problem(place, "is not local, and a specification is read before it is sent", "name a folder beside this file", path);
    return null;
  }
  const folder = build.absolute(path);
  if (build.files.stat(folder)?.type !== "folder") {
    build.problem(place, `no such folder: ${folder}`, "correct the path; it is taken from the folder of this file", path);
    return null;
  }
  const file = build.files.resolve(folder, FILE);
  if (build.files.stat(file)?.type !== "file") {
    build.problem(place, `a specification's folder holds a file named ${FILE}; none is in ${folder}`, "add the file", path);
    return null;
  }
  const inner = readSource(build.files, file, `${build.shown(path).replace(/\/$/, "")}/${FILE}`);
  const scope = { source: inner, base: folder, files: build.files };
  const at = new At(scope);
  const loaded = loadValue(specification, inner.root, at);
  if (loaded !== BAD) checkSource(loaded.source, at.child("source"));
  if (loaded === BAD || at.problems.length) throw new ProblemsError(at.problems);
  return pythonJson(specificationBody(loaded));
}

// Which fields go with which type of source.
function checkSource(value: Source, at: At): void {
  const { type } = value;
  const [needed, barred]: readonly (readonly (keyof Source)[])[] =
    type === "custom"
      ? [["timestamp_column", "kwargs", "source_process_code"], ["path"]]
      : type === "featureset"
        ? [["path"], ["timestamp_column", "source_delay", "source_process_code"]]
        : [
            ["timestamp_column", "path"],
            ["kwargs", "source_process_code"],
          ];
  const given = (name: keyof Source): boolean => {
    const item = value[name];
    return typeof item === "object" && name === "kwargs" ? Object.keys(item).length > 0 : Boolean(item);
  };
  for (const name of needed!)
    if (!given(name)) at.child(name).fail(`a source of type ${type} needs it`, `add \`${name}:\``, undefined, "key");
  for (const name of barred!)
    if (given(name)) at.child(name).fail(`a source of type ${type} does not have it`, "remove it", undefined, "key");
}

function specificationBody(value: Entity<typeof specification.fields>): unknown {
  const { source: from } = value;
  return {
    source: {
      type: from.type,
      path: from.path,
      timestampColumn: from.timestamp_column && { name: from.timestamp_column.name, format: from.timestamp_column.format },
      sourceDelay: delayBody(from.source_delay),
      source_process_code: from.source_process_code && {
        path: from.source_process_code.path,
        process_class: from.source_process_code.process_class,
      },
    },
    featureTransformationCode: value.feature_transformation_code && {
      Path: value.feature_transformation_code.path,
      TransformerClass: value.feature_transformation_code.transformer_class,
    },
    features: value.features.map((item) => ({
      FeatureName: item.name,
      DataType: item.type,
      Description: item.description,
      Tags: item.tags,
    })),
    indexColumns: value.index_columns?.map((column) => ({ ColumnName: column.name, DataType: column.type })),
    sourceLookback: delayBody(value.source_lookback),
    temporalJoinLookback: delayBody(value.temporal_join_lookback),
  };
}

const delayBody = (value: Delay | undefined): unknown => value && { Days: value.days, Hours: value.hours, Minutes: value.minutes };

/** `json.dumps` of Python: blanks behind `:` and `,`, everything beyond ASCII escaped. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "bigint") return String(value);
  if (value === null || typeof value !== "object")
    return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`).join(", ")}}`;
}
