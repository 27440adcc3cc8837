// Batch deployments of a pipeline (`type: pipeline`): of a pipeline component, or of a job that has run.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-batch; REST BatchDeployment 2025-12-01.
import { DependencyMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { endpointOf } from "../common/deployment.ts";
import { versioned } from "../common/marks.ts";
import { pipelineNode } from "../pipeline/node-fields.ts";
import { armId, armVersioned, localPath, registryUri } from "../schema/azure.ts";
import { object, union, type Entity } from "../schema/compound.ts";
import { BAD, required, type Field } from "../schema/field.ts";
import { oneOf, str } from "../schema/scalars.ts";
import { defineKind, type Build } from "./kind.ts";

// The file of a component, told from a reference by its type. */
class ComponentFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

// The path of a component's file (the SDK's PipelineComponentFileRefField).
const componentPath: Field<ComponentFile> = {
  expects: "the path of a component's file",
  load(value, at) {
    const path = localPath("file").load(value, at);
    return path === BAD ? BAD : new ComponentFile(path);
  },
};

const fields = {
  name: required(str),
  endpoint_name: required(endpointOf),
  description: str,
  tags: anyDict,
  type: oneOf(["pipeline", "model"]),
  settings: anyDict,
  component: union(registryUri("component"), armVersioned("component", { bare: true }), componentPath),
  // A node of a pipeline is taken and not sent, as by the SDK.
  job_definition: union(armId("job"), pipelineNode),
} as const;
export type PipelineComponentBatchDeploymentEntity = Entity<typeof fields>;

export const pipelineComponentBatchDeployment = defineKind<PipelineComponentBatchDeploymentEntity>({
  kind: "pipelineComponentBatchDeployment",
  noun: "batchDeployment",
  field: object(fields, { pathAware: true }),
  build: (entity, build) => ({
    name: entity.name.toLowerCase(),
    version: null,
    body: {
      location: null,
      tags: entity.tags ?? {},
      properties: {
        description: entity.description,
        deploymentConfiguration: {
          deploymentConfigurationType: "PipelineComponent",
          componentId: { assetId: componentOf(entity, build), referenceType: "Id" },
          settings: entity.settings,
          ...describedBy(entity, build),
        },
        // Of no use to a pipeline, but the SDK always sends them.
        errorThreshold: -1,
        maxConcurrencyPerInstance: 1,
        miniBatchSize: 10,
        outputFileName: "predictions.csv",
      },
    },
  }),
});

// A component out of a file describes the deployment's configuration too.
function describedBy({ component }: PipelineComponentBatchDeploymentEntity, build: Build): Record<string, unknown> {
  if (!(component instanceof ComponentFile)) return {};
  const asset = readComponent(component, build);
  const { description, tags } = (asset?.entity ?? {}) as { description?: string; tags?: Record<string, unknown> };
  return { description, tags: tags ?? {} };
}

const readComponent = (file: ComponentFile, build: Build) =>
  build.read(file.path, { kind: "pipelineComponent", at: ["component"], anonymous: "YAML.COMPONENT" });

function componentOf({ component, job_definition: job }: PipelineComponentBatchDeploymentEntity, build: Build): unknown {
  if (component instanceof ComponentFile) {
    const asset = readComponent(component, build);
    return asset && new DependencyMark(asset);
  }
  if (component !== undefined) return versioned("component", component, build, ["component"]);
  return typeof job !== "string" ? null : new DependencyMark(build.inline("pipelineComponent", { source_job_id: job }, fromJob(job)));
}

/** A component that Azure makes of a job's pipeline. */
function fromJob(job: string) {
  const name = "azureml_anonymous";
  return {
    name,
    version: "1",
    body: {
      properties: {
        componentSpec: {
          name,
          version: "1",
          type: "pipeline",
          _source: "CLASS",
          jobs: {},
          source_job_id: job,
          sourceJobId: job,
        },
        isAnonymous: true,
        properties: {},
        tags: {},
      },
    },
  };
}
