// Nodes of a pipeline besides commands and pipelines: sweep, parallel, Spark, automated ML, data transfer; how each is read.
import { automlTaskFields, automlTasks } from "../automl/tasks.ts";
import { jobFields, jobIdentity, resources } from "../common/command-fields.ts";
import { jobInputs, outputObject } from "../common/job-io.ts";
import { parallelFields, parallelVariables } from "../common/parallel.ts";
import { nodeSparkResources, sparkFields } from "../common/spark.ts";
import { sweepFields } from "../common/sweep.ts";
import { anonymousCommandComponent } from "../kinds/command-component.ts";
import { anonymousParallelComponent } from "../kinds/parallel-component.ts";
import { anonymousSparkComponent } from "../kinds/spark-component.ts";
import { sparkJobFields } from "../kinds/spark-job.ts";
import { bindable, bindableFields, dict, object, union, type ObjectField } from "../schema/compound.ts";
import { nullable, readOnly, required, type Field } from "../schema/field.ts";
import { any, oneOf, str } from "../schema/scalars.ts";
import { compute } from "../schema/azure.ts";
import { componentRef, nodeInputsField, outputBinding, sharedNodeFields, SKIP } from "./node-shared.ts";
import { TRANSFER_NODES } from "./transfer-nodes.ts";

/** How the nodes of one type are read: around a component, or as a whole job. */
export interface NodeSchemas {
  readonly component?: ObjectField;
  /** Key of the component; a sweep calls it its trial. */
  readonly key: "component" | "trial";
  readonly job?: ObjectField;
}

const keep = { unknown: "keep", pathAware: true } as const;

const sweep = object(
  {
    ...bindableFields({ ...sharedNodeFields, ...sweepFields }, SKIP),
    inputs: nodeInputsField,
    trial: required(componentRef(anonymousCommandComponent as never)),
    type: oneOf(["sweep"]),
  },
  keep,
);

const parallelSettings = {
  ...sharedNodeFields,
  ...parallelFields,
  resources,
  environment_variables: parallelVariables,
  identity: jobIdentity,
} as const;
const parallel = object(
  {
    ...bindableFields(parallelSettings, SKIP),
    inputs: nodeInputsField,
    component: required(componentRef(anonymousParallelComponent as never)),
    type: oneOf(["parallel"]),
  },
  keep,
);
/** What the SDK takes in a parallel job and sends nothing of; its schema's `comment` it does not take. */
const unread = Object.fromEntries(
  ["creation_context", "description", "display_name", "experiment_name", "id", "log_files", "name", "services", "status", "tags"].map(
    (name) => [name, readOnly(nullable(any))],
  ),
);
const { comment: _comment, ...parallelJobSettings } = parallelSettings;
const parallelJob = object(
  { ...bindableFields(parallelJobSettings, SKIP), ...unread, inputs: nodeInputsField, type: oneOf(["parallel"]) },
  { pathAware: true },
);

const { entry, code: _code, ...sparkSettings } = sparkFields;
const spark = object(
  {
    ...bindableFields(
      {
        ...sharedNodeFields,
        ...sparkSettings,
        code: nullable(str),
        entry: { ...entry, required: false },
        resources: nodeSparkResources,
        identity: jobIdentity,
      },
      SKIP,
    ),
    inputs: nodeInputsField,
    component: required(componentRef(anonymousSparkComponent as never)),
    type: oneOf(["spark"]),
  },
  keep,
);
const sparkJob = object(
  { ...sparkJobFields, inputs: jobInputs, outputs: dict(nullable(union(outputObject, str))), type: oneOf(["spark"]) },
  { pathAware: true },
);

/** A table of an automated ML node may be a binding. */
const tables = ["training_data", "validation_data", "test_data"];
const automlOf = (task: string): ObjectField => {
  const own = automlTaskFields(task);
  const { outputs: _outputs, type: _type, ...job } = jobFieldsOnly;
  const fields = Object.fromEntries(
    Object.entries({ ...job, ...own }).map(([name, field]) => [
      name,
      tables.includes(name) ? union(str, field) : name === "task" ? field : bindable(field),
    ]),
  );
  return object(
    { ...fields, compute, type: oneOf(["automl"]), outputs: dict(nullable(union(outputObject, outputBinding))) },
    { pathAware: true },
  );
};
const jobFieldsOnly: Record<string, Field> = { ...jobFields, environment_id: str };

/** By `type`; then those that differ by their `task` too. */
export const NODE_KINDS: Readonly<Record<"sweep" | "parallel" | "spark", NodeSchemas>> = {
  sweep: { component: sweep, key: "trial" },
  parallel: { component: parallel, key: "component", job: parallelJob },
  spark: { component: spark, key: "component", job: sparkJob },
};
export const BY_TASK: Readonly<Record<"automl" | "data_transfer", Readonly<Record<string, NodeSchemas>>>> = {
  automl: Object.fromEntries(automlTasks.map((task) => [task, { key: "component", job: automlOf(task) }])),
  data_transfer: TRANSFER_NODES,
};
