// The files of `az ml model deploy` of CLI v1 (extension azure-cli-ml): fields as azureml-core 1.61 reads them
// (azureml._model_management._util, deploy_config_dict_to_obj; azureml.core.model.InferenceConfig).
import { dict, object, type Entity } from "../schema/compound.ts";
import { nullable, required } from "../schema/field.ts";
import { any, bool, int, num, oneOf, str } from "../schema/scalars.ts";

const text = nullable(str);
const flag = nullable(bool);
const count = nullable(int);

const requirements = object({ cpu: nullable(num), memoryInGB: nullable(num), cpuLimit: nullable(num), memoryInGBLimit: nullable(num) });
const keys = object({ primaryKey: text, secondaryKey: text });

const common = {
  computeType: required(str),
  containerResourceRequirements: nullable(requirements),
  authEnabled: flag,
  appInsightsEnabled: flag,
  keys: nullable(keys),
  tags: nullable(dict(str)),
  properties: nullable(dict(str)),
  description: text,
} as const;

/** Azure Container Instances. */
const aci = {
  ...common,
  location: text,
  sslEnabled: flag,
  sslCertificate: text,
  sslKey: text,
  cname: text,
  dnsNameLabel: text,
  vaultBaseUrl: text,
  keyName: text,
  keyVersion: text,
  vnetName: text,
  subnetName: text,
} as const;

/** Azure Kubernetes Service, also as one version of an AKS endpoint (`aksendpoint`). */
const aks = {
  ...common,
  autoScaler: nullable(
    object({
      autoscaleEnabled: flag,
      minReplicas: count,
      maxReplicas: count,
      refreshPeriodInSeconds: count,
      targetUtilization: count,
    }),
  ),
  dataCollection: nullable(object({ storageEnabled: flag })),
  scoringTimeoutMs: count,
  maxConcurrentRequestsPerContainer: count,
  maxQueueWaitMs: count,
  numReplicas: count,
  gpuCores: count,
  livenessProbeRequirements: nullable(
    object({
      periodSeconds: count,
      initialDelaySeconds: count,
      timeoutSeconds: count,
      successThreshold: count,
      failureThreshold: count,
    }),
  ),
  namespace: text,
  tokenAuthEnabled: flag,
  computeTargetName: text,
  versionName: text,
  trafficPercentile: count,
  isDefault: flag,
} as const;

export const deploymentConfigs = { aci: object(aci), aks: object(aks), aksendpoint: object(aks) } as const;
export type AciConfig = Entity<typeof aci>;
export type AksConfig = Entity<typeof aks>;

const registry = object({ address: text, username: text, password: text });
const python = object({
  baseCondaEnvironment: text,
  condaDependencies: nullable(any),
  condaDependenciesFile: text,
  interpreterPath: text,
  userManagedDependencies: flag,
});
const docker = object(
  { baseImage: text, baseDockerfile: text, baseImageRegistry: nullable(registry), enabled: flag, gpuSupport: flag, sharedVolumes: flag },
  { unknown: "drop" },
);

const inference = {
  entryScript: required(str),
  sourceDirectory: text,
  runtime: nullable(oneOf(["python", "spark-py"])),
  condaFile: text,
  extraDockerfileSteps: text,
  enableGpu: flag,
  description: text,
  baseImage: text,
  baseImageRegistry: nullable(registry),
  cudaVersion: text,
  environment: nullable(
    object(
      { name: text, version: text, python: nullable(python), docker: nullable(docker), environmentVariables: nullable(dict(str)) },
      { unknown: "drop" },
    ),
  ),
} as const;

/** What is scored with: script, packages, image. */
export const inferenceConfig = object(inference);
export type InferenceConfig = Entity<typeof inference>;
