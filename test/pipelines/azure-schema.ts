// The part of Azure Pipelines' YAML schema that azure-pipelines.yml and its templates use; a key that is not in it is a mistake.
// https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/
import { z } from "zod";

const name = z.string().regex(/^[A-Za-z_]\w*$/, "must be letters, digits and _");
const env = z.record(z.string(), z.string());
const common = { displayName: z.string().optional(), condition: z.string().optional(), env: env.optional() };

const task = z.discriminatedUnion("task", [
  z.strictObject({ task: z.literal("NodeTool@0"), inputs: z.strictObject({ versionSpec: z.string() }), ...common }),
  z.strictObject({
    task: z.literal("AzureCLI@2"),
    inputs: z.strictObject({
      azureSubscription: z.string(),
      scriptType: z.enum(["bash", "pscore"]),
      scriptLocation: z.literal("inlineScript"),
      inlineScript: z.string().min(1),
      keepAzSessionActive: z.boolean().optional(),
      addSpnToEnvironment: z.boolean().optional(),
    }),
    ...common,
  }),
]);

const step = z.union([
  task,
  z.strictObject({ script: z.string().min(1), ...common }),
  z.strictObject({ checkout: z.enum(["self", "none"]), persistCredentials: z.boolean().optional(), ...common }),
  z.strictObject({ publish: z.string(), artifact: name, ...common }),
  z.strictObject({ download: z.literal("current"), artifact: name, ...common }),
  z.strictObject({ template: z.string().endsWith(".yml"), parameters: z.record(z.string(), z.string()).optional() }),
]);
const steps = z.array(step).min(1);

const parameters = z
  .array(
    z.strictObject({
      name,
      displayName: z.string().optional(),
      type: z.enum(["string", "boolean", "number"]),
      default: z.string().optional(),
    }),
  )
  .optional();
/** An agent pool: Microsoft's by image, or one's own by name. */
const pool = z.union([z.strictObject({ vmImage: z.string() }), z.string().min(1)]);

const jobCommon = {
  displayName: z.string().optional(),
  dependsOn: z.union([name, z.array(name)]).optional(),
  condition: z.string().optional(),
  timeoutInMinutes: z.int().min(1).max(360),
};
const job = z.strictObject({
  job: name,
  ...jobCommon,
  strategy: z.strictObject({ matrix: z.record(name, env), maxParallel: z.int().optional() }).optional(),
  steps,
});
const deployment = z.strictObject({
  deployment: name,
  environment: z.string(),
  pool: pool.optional(),
  ...jobCommon,
  strategy: z.strictObject({ runOnce: z.strictObject({ deploy: z.strictObject({ steps }) }) }),
});

const filter = z.strictObject({ include: z.array(z.string()).optional(), exclude: z.array(z.string()).optional() });

/** azure-pipelines.yml */
export const AzurePipeline = z.strictObject({
  trigger: z.strictObject({ branches: filter, paths: filter.optional() }),
  pr: z.strictObject({ branches: filter }),
  schedules: z.array(
    z.strictObject({ cron: z.string().regex(/^(\S+ ){4}\S+$/), displayName: z.string(), branches: filter, always: z.boolean() }),
  ),
  lockBehavior: z.enum(["sequential", "runLatest"]),
  parameters,
  pool,
  variables: z.array(z.union([z.strictObject({ group: z.string() }), z.strictObject({ name: z.string(), value: z.string() })])),
  stages: z.array(
    z.strictObject({
      stage: name,
      displayName: z.string(),
      dependsOn: z.union([name, z.array(name)]),
      condition: z.string().optional(),
      jobs: z.array(z.union([job, deployment])).min(1),
    }),
  ),
});

/** pipelines/*.yml */
export const StepTemplate = z.strictObject({
  parameters,
  steps,
});
