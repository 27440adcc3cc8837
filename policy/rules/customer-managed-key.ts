// A stage with a key of its own has nothing beside its workspace that is encrypted with Microsoft's.
import type { StackRule, StackSubject } from "../rule.ts";
import { at } from "../rule.ts";

/** Type → where it says that a key of one's own is in use, and how. */
const own: Readonly<Record<string, readonly [path: string, is: string]>> = {
  "azure-native:machinelearningservices:Workspace": ["encryption.status", "enabled"],
  "azure-native:storage:StorageAccount": ["encryption.keySource", "microsoft.keyvault"],
  "azure-native:containerregistry:Registry": ["encryption.status", "enabled"],
};

const encrypted = ({ type, props }: StackSubject): boolean => {
  const [path, is] = own[type]!;
  return String(at(props, path)).toLowerCase() === is;
};

export const customerManagedKeys: StackRule = {
  name: "customer-managed-key",
  description: "where one of workspace, storage and images is encrypted with a key of your own, all of them are",
  checkStack(resources) {
    const mine = resources.filter(({ type }) => type in own);
    if (!mine.some(encrypted)) return [];
    return mine
      .filter((one) => !encrypted(one))
      .map(({ type, urn }) => ({
        urn,
        problem: `${own[type]![0]} does not say that it is encrypted with a key of your own, and others of the stack are`,
        fix: "set azure-mlops:customerManagedKey and remove the override; what exists already has to be made anew",
      }));
  },
};
