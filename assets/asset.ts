// What reading a file gives: the request's body and everything in it that is not final before something else is in Azure.
import type { Includes, UploadFile } from "./upload.ts";

/** Kinds of files, named as `az ml`'s schema files name them. */
export type Kind =
  | "workspace"
  | "amlCompute"
  | "computeInstance"
  | "kubernetesCompute"
  | "virtualMachineCompute"
  | "synapseSparkCompute"
  | "data"
  | "environment"
  | "model"
  | "commandComponent"
  | "pipelineComponent"
  | "sparkComponent"
  | "parallelComponent"
  | "dataTransferComponent"
  | "automlComponent"
  | "commandJob"
  | "pipelineJob"
  | "sweepJob"
  | "automlJob"
  | "sparkJob"
  | "managedOnlineEndpoint"
  | "kubernetesOnlineEndpoint"
  | "managedOnlineDeployment"
  | "kubernetesOnlineDeployment"
  | "monitorSchedule"
  | "jobSchedule"
  | "importSchedule"
  | "registry"
  | "hub"
  | "project"
  | "featureStore"
  | "featureSet"
  | "featureStoreEntity"
  | "batchEndpoint"
  | "batchDeployment"
  | "modelBatchDeployment"
  | "pipelineComponentBatchDeployment"
  | "azureBlobDatastore"
  | "azureFileDatastore"
  | "azureDataLakeGen1Datastore"
  | "azureDataLakeGen2Datastore"
  | "oneLakeDatastore"
  | "connection"
  | "modelPackage"
  | "dataImport"
  | "index"
  | "serverlessEndpoint"
  | "marketplaceSubscription"
  | "capabilityHost"
  | "deploymentTemplate";

/** What `az ml <noun> create` a file belongs to. */
export type Noun =
  | "workspace"
  | "compute"
  | "data"
  | "environment"
  | "model"
  | "component"
  | "job"
  | "onlineEndpoint"
  | "onlineDeployment"
  | "schedule"
  | "registry"
  | "featureStore"
  | "featureSet"
  | "featureStoreEntity"
  | "batchEndpoint"
  | "batchDeployment"
  | "datastore"
  | "connection"
  | "modelPackage"
  | "dataImport"
  | "index"
  | "serverlessEndpoint"
  | "marketplaceSubscription"
  | "capabilityHost"
  | "deploymentTemplate";

/** One read file. `E` is the type of the entity. */
export interface Asset<E = unknown> {
  kind: Kind;
  noun: Noun;
  /** As it was given to `readAsset`. */
  path: string;
  /** Null when the file leaves it to Azure or the caller (jobs). */
  name: string | null;
  /**
   * What the file says; else derived from the content (environments, components); null for data and models, which count up, and for
   * what has no versions.
   */
  version: string | null;
  /** Whether the file itself says the version. */
  versionGiven: boolean;
  /** Body of the PUT. Local paths and short references stand in it as text; `uploads`, `references` and `dependencies` point at them. */
  body: Record<string, unknown>;
  uploads: Upload[];
  references: Reference[];
  dependencies: Dependency[];
  /** The file's fields, checked and typed, as the SDK's entity has them. */
  entity: E;
}

/** A local path in the body, to be replaced by the URI or id of what was uploaded. */
export interface Upload {
  /** JSON pointer into the body. */
  pointer: string;
  /** `code` becomes a code version's id, `data` and `model` a datastore URI, `buildcontext` a blob URI of a folder. */
  kind: "code" | "data" | "model" | "buildcontext";
  /** Absolute path. */
  localPath: string;
  includes: Includes;
  /** Stands behind the URI in the body: the SDK ends a folder input with `/`. */
  suffix: "" | "/";
  /** The text around the URI (and its suffix), where it stands inside of one: see `inPlace`. */
  around?: readonly [before: string, after: string];
  /** Datastore that the file names for the upload. */
  datastore: string | null;
  /** Content hash, computed when asked for (see `contentHash`). */
  readonly hash: string;
  /** The files to send, listed when asked for. */
  readonly files: readonly UploadFile[];
}

export type ReferenceType =
  | "compute"
  | "datastore"
  | "environment"
  | "component"
  | "data"
  | "model"
  | "code"
  | "job"
  | "endpoint"
  | "virtualCluster";

/** Something that is in Azure already (or will be, by another file) and that the body names: `azureml:name:version`. */
export interface Reference {
  pointer: string;
  type: ReferenceType;
  /** As it stands in the body. */
  text: string;
  name: string | null;
  version: string | null;
  /** `azureml:name@label`. */
  label: string | null;
  /** Set when the text is a registry's `azureml://registries/…`. */
  registry: string | null;
  /** The text around the id, where it stands inside of one: see `inPlace`. */
  around?: readonly [before: string, after: string];
}

/** An asset that has to be registered before: an inline environment, a component file of a pipeline, an inline model. */
export interface Dependency {
  /** Where its id belongs in the body; until then `azureml:name:version` stands there. */
  pointer: string;
  asset: Asset;
}
