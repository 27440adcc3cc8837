// Protects what holds data: Pulumi then refuses to delete or replace it, whoever asks and however.
import { runtime } from "@pulumi/pulumi";

/** Types whose loss loses data, models, logs or keys; the policy rule protect-state has the same. */
const stateful: ReadonlySet<string> = new Set([
  "azure-native:resources:ResourceGroup",
  "azure-native:storage:StorageAccount",
  "azure-native:keyvault:Vault",
  "azure-native:machinelearningservices:Workspace",
  "azure-native:machinelearningservices:Registry",
  "azure-native:containerregistry:Registry",
  "azure-native:operationalinsights:Workspace",
]);

/** For every resource of the stack that is declared from here on, but those named. */
export function protectState(unprotected: readonly string[]): void {
  runtime.registerStackTransformation(({ type, name, props, opts }) =>
    stateful.has(type) && !unprotected.includes(name) ? { props, opts: { ...opts, protect: true } } : undefined,
  );
}
