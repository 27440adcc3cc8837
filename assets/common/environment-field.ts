// An environment inside another file: a reference or the environment itself.
import { anonymousEnvironment } from "../kinds/environment.ts";
import { armVersioned, registryUri } from "../schema/azure.ts";
import { union } from "../schema/compound.ts";

/** `azureml:name:version`, `azureml:name@latest`, `azureml://registries/…`, or an inline environment. */
export const environmentField = union(anonymousEnvironment, registryUri("environment"), armVersioned("environment", { bare: true }));
