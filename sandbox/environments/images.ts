// What Microsoft's images and curated environments carry, as far as a job or a scoring script can tell: Python and its packages.
// From the environment definitions that Microsoft publishes (Azure/azureml-assets, assets/*/environments). Exact pins that have no wheel for
// newer Pythons are widened to the next minor versions that do; packages for GPUs, profilers and telemetry are left out.

/** Python version and PyPI requirements of one image or curated environment. */
export interface ImageContent {
  readonly python: string;
  readonly packages: readonly string[];
}

const tools = ["azureml-core", "azureml-mlflow", "mlflow-skinny", "azureml-inference-server-http"];
const table = ["pandas>=1.5.3,<3", "scipy>=1.10,<2", "numpy>=1.22,<3"];
const plots = ["matplotlib>=3.5,<4", "joblib>=1.2,<2", "tqdm~=4.66", "psutil>=5.8"];
const inference = ["azureml-core", "azureml-inference-server-http", "azure-storage-blob", "azure-identity", "numpy", "joblib"];

/** Curated environments of the registry `azureml` (and their older `AzureML-…` names), newest content. */
export const curatedEnvironments: Readonly<Record<string, ImageContent>> = {
  "sklearn-1.5": { python: "3.10", packages: [...tools, ...table, ...plots, "scikit-learn~=1.5.0"] },
  "sklearn-1.1": { python: "3.10", packages: [...tools, ...table, ...plots, "scikit-learn>=1.1,<1.3"] },
  "sklearn-1.0": { python: "3.8", packages: [...tools, ...table, ...plots, "scikit-learn>=1.0,<1.3"] },
  // Azure's own brings AutoML's SDK of 2021; here what trial.py needs, in the versions of the sample project, whose scoring
  // environment then loads the models.
  "ai-ml-automl": {
    python: "3.11",
    packages: ["mlflow-skinny==2.22.5", "azureml-mlflow==1.62.0.post6", "scikit-learn==1.7.2", "pandas==2.3.3", "cloudpickle==3.1.2"],
  },
  "lightgbm-3.3": { python: "3.10", packages: [...tools, ...table, ...plots, "scikit-learn~=1.5.1", "xgboost~=1.7.6", "lightgbm>=4.6.0"] },
  "lightgbm-3.2": {
    python: "3.8",
    packages: [...tools, ...table, ...plots, "scikit-learn>=1.0,<1.3", "xgboost>=1.5,<2", "lightgbm>=3.2,<4"],
  },
  "python-sdk-v2": { python: "3.10", packages: [...tools, ...table, "azure-ai-ml", "azure-identity"] },
  "mlflow-py312-inference": {
    python: "3.12",
    packages: [
      "azureml-inference-server-http",
      "azureml-ai-monitoring",
      "mlflow",
      "scikit-learn",
      "cloudpickle",
      "psutil",
      "pandas",
      "numpy",
      "joblib",
    ],
  },
  "mlflow-ubuntu20.04-py38-cpu-inference": {
    python: "3.8",
    packages: [
      "azureml-inference-server-http",
      "azureml-ai-monitoring",
      "mlflow",
      "scikit-learn",
      "cloudpickle",
      "psutil",
      "pandas",
      "numpy",
      "joblib",
    ],
  },
  "tensorflow-2.16-cuda12": { python: "3.10", packages: [...tools, ...table, ...plots, "tensorflow>=2.16,<3"] },
  "acpt-pytorch-2.2-cuda12.1": { python: "3.10", packages: [...tools, ...table, ...plots, "torch>=2.2,<3", "torchvision"] },
  "acpt-pytorch-2.8-cuda12.6": { python: "3.10", packages: [...tools, ...table, ...plots, "torch>=2.8,<3", "torchvision"] },
};

const aliases: readonly (readonly [RegExp, string])[] = [
  [/^ai-ml-automl/, "ai-ml-automl"],
  [/^(azureml-)?sklearn-1\.5/, "sklearn-1.5"],
  [/^(azureml-)?sklearn-1\.1/, "sklearn-1.1"],
  [/^(azureml-)?sklearn-(1\.0|0\.24)/, "sklearn-1.0"],
  [/^(azureml-)?lightgbm-3\.3/, "lightgbm-3.3"],
  [/^(azureml-)?lightgbm-3\.2/, "lightgbm-3.2"],
  [/^python-sdk-v2/, "python-sdk-v2"],
  [/^mlflow-py312-inference/, "mlflow-py312-inference"],
  [/^(azureml-)?mlflow-.*inference/, "mlflow-ubuntu20.04-py38-cpu-inference"],
  [/^tensorflow-2\./, "tensorflow-2.16-cuda12"],
  [/^(azureml-)?acpt-pytorch-2\.8/, "acpt-pytorch-2.8-cuda12.6"],
  [/^(azureml-)?acpt-pytorch-/, "acpt-pytorch-2.2-cuda12.1"],
];

/** A curated environment by the name it has in the registry `azureml`; also Microsoft's minimal inference images. */
export function curatedEnvironment(name: string): ImageContent | undefined {
  const wanted = name.toLowerCase();
  const known = aliases.find(([pattern]) => pattern.test(wanted))?.[1];
  if (known) return curatedEnvironments[known];
  if (/^(azureml-)?minimal-.*(inference|quickstart)/.test(wanted)) return { python: pythonInName(wanted) ?? "3.9", packages: inference };
  return undefined;
}

/** What an image brings by itself; `known: false` means that only its Python could be told from its name, or not even that. */
export function imageContent(image: string): ImageContent & { readonly known: boolean } {
  const reference = image.toLowerCase().replace(/@sha256:.*$/, "");
  const path = reference.replace(/:[^:/]*$/, "");
  const tag = /:([^:/]*)$/.exec(reference)?.[1] ?? "";
  const microsoft = /^mcr\.microsoft\.com\/azureml\/(?:curated\/)?(.+)$/.exec(path)?.[1];
  if (microsoft) {
    const curated = curatedEnvironment(microsoft);
    if (curated) return { ...curated, known: true };
    const base = /^(base|base-gpu|openmpi[\d.]+-(?:cuda[\d.]+-)?(?:cudnn\d+-)?ubuntu([\d.]+))$/.exec(microsoft);
    if (base) return { python: base[2] === "24.04" ? "3.12" : base[2] === "22.04" ? "3.10" : "3.8", packages: [], known: true };
  }
  const python = /(?:^|\/)python$/.test(path) ? /^(\d+\.\d+)/.exec(tag)?.[1] : undefined;
  if (python) return { python, packages: [], known: true };
  return { python: pythonInName(reference) ?? "", packages: [], known: false };
}

function pythonInName(name: string): string | undefined {
  const match = /py(?:thon)?-?(\d)\.?(\d{1,2})(?!\d)/.exec(name);
  return match ? `${match[1]}.${match[2]}` : undefined;
}
