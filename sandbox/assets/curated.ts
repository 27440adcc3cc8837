// Environments of the public registry `azureml` that samples name; those called `AzureML-…` are in every workspace too. Their images are not here: the job runner reads them as a
// Python version and a list of packages (sandbox/environments).
import type { ArmResource, SandboxContext } from "../core.ts";
import { nameOf, parentId } from "../arm/ids.ts";

interface Curated {
  readonly version: string;
  readonly image: string;
  readonly description: string;
}

const acr = "mcr.microsoft.com/azureml/curated";
const curated = (name: string, version: string, description: string): [string, Curated] => [
  name,
  { version, image: `${acr}/${name.toLowerCase()}:${version}`, description },
];

/** Name → its latest version; any other number of that name resolves too. */
export const curatedEnvironments: Readonly<Record<string, Curated>> = Object.fromEntries([
  curated("sklearn-1.5", "36", "scikit-learn 1.5 on Python 3.10"),
  curated("sklearn-1.1", "30", "scikit-learn 1.1 on Python 3.9"),
  curated("sklearn-1.0", "22", "scikit-learn 1.0 on Python 3.8"),
  curated("AzureML-sklearn-1.0-ubuntu20.04-py38-cpu", "50", "scikit-learn 1.0 on Python 3.8"),
  curated("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu", "48", "scikit-learn 0.24 on Python 3.7"),
  curated("lightgbm-3.3", "60", "LightGBM 3.3 on Python 3.9"),
  curated("acpt-pytorch-2.2-cuda12.1", "26", "PyTorch 2.2, CUDA 12.1, Python 3.10"),
  curated("responsibleai-tabular", "40", "Responsible AI tools for tabular data"),
  curated("minimal-ubuntu20.04-py38-cpu-inference", "50", "Inference server on Python 3.8"),
  curated("minimal-py311-inference", "30", "Inference server on Python 3.11"),
  curated("minimal-py312-inference", "20", "Inference server on Python 3.12"),
  curated("sklearn-1.5-inference", "10", "scikit-learn 1.5 with the inference server"),
  curated("mlflow-py312-inference", "10", "MLflow models on Python 3.12"),
  curated("mlflow-ubuntu20.04-py38-cpu-inference", "50", "MLflow models on Python 3.8"),
  curated("tensorflow-2.16-cuda12", "20", "TensorFlow 2.16, CUDA 12"),
]);

/** The registry `azureml` lives in no resource group of the sandbox. */
export const publicRegistry = (subscriptionId: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/azureml-registries/providers/Microsoft.MachineLearningServices/registries/azureml`;

const typeAt = (id: string): string =>
  `Microsoft.MachineLearningServices/${/\/registries\//i.test(id) ? "registries" : "workspaces"}/environments`;

/** The curated environment of this container's id. */
function entry(id: string): [string, Curated] | undefined {
  if (!/\/registries\/azureml\/environments\/|\/workspaces\/[^/]+\/environments\/AzureML-/i.test(`${id}/`)) return undefined;
  return Object.entries(curatedEnvironments).find(([key]) => key.toLowerCase() === nameOf(id).toLowerCase());
}

export function curatedContainer(id: string, _sandbox: SandboxContext): ArmResource | undefined {
  const found = entry(id);
  return (
    found && {
      id,
      name: found[0],
      type: typeAt(id),
      properties: {
        description: found[1].description,
        tags: {},
        properties: {},
        isArchived: false,
        latestVersion: found[1].version,
        provisioningState: "Succeeded",
      },
    }
  );
}

export function curatedVersion(id: string, _sandbox: SandboxContext): ArmResource | undefined {
  const found = entry(parentId(id));
  const version = nameOf(id);
  if (!found || !/^\d+$/.test(version)) return undefined;
  const [name, one] = found;
  return {
    id,
    name: version,
    type: `${typeAt(id)}/versions`,
    systemData: { createdAt: "2024-01-01T00:00:00Z", createdBy: "Microsoft", createdByType: "Application" },
    properties: {
      description: one.description,
      tags: {},
      properties: {},
      isArchived: false,
      isAnonymous: false,
      environmentType: "Curated",
      osType: "Linux",
      image: one.image.replace(/:[^:]*$/, `:${version}`),
      name,
      provisioningState: "Succeeded",
    },
  };
}
