// The table of kinds. A new kind is one file in this folder, one line here, and its words in detect.ts.
import type { Kind } from "../asset.ts";
import { commandComponent } from "./command-component.ts";
import { commandJob } from "./command-job.ts";
import { data } from "./data.ts";
import { environment } from "./environment.ts";
import type { KindDefinition } from "./kind.ts";
import { model } from "./model.ts";
import { kubernetesOnlineDeployment, managedOnlineDeployment } from "./online-deployment.ts";
import { kubernetesOnlineEndpoint, managedOnlineEndpoint } from "./online-endpoint.ts";
import { pipelineComponent } from "./pipeline-component.ts";
import { pipelineJob } from "./pipeline-job.ts";

const LIST: readonly KindDefinition[] = [commandComponent, pipelineComponent, commandJob, pipelineJob, data, environment, model, managedOnlineEndpoint, kubernetesOnlineEndpoint, managedOnlineDeployment, kubernetesOnlineDeployment];

export const KINDS: ReadonlyMap<Kind, KindDefinition> = new Map(LIST.map((kind) => [kind.kind, kind]));
