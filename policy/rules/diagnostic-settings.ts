// What happens to data, keys and models is written down: who read or changed what.
import type { StackRule } from "../rule.ts";

const watched = ["azure-native:machinelearningservices:Workspace", "azure-native:keyvault:Vault", "azure-native:storage:StorageAccount"];

export const diagnosticSettings: StackRule = {
  name: "diagnostic-settings",
  description: "workspaces, vaults and storage accounts send their audit logs to Log Analytics",
  checkStack(resources) {
    const settings = resources.filter(
      ({ type, from, props }) =>
        type === "azure-native:monitor:DiagnosticSetting" &&
        ((from["workspaceId"] ?? []).length > 0 || typeof props["workspaceId"] === "string"),
    );
    const covered = new Set(settings.flatMap(({ from }) => from["resourceUri"] ?? []));
    return resources
      .filter(({ type, urn }) => watched.includes(type) && !covered.has(urn))
      .map(({ urn }) => ({
        urn,
        problem: "it has no diagnostic setting",
        fix: "add components/diagnostics.ts for it, as stacks/stage.ts does",
      }));
  },
};
