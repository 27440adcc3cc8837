// Azure ML's core quota: what an answer of its usages says, and how many cores machines take of it.

/** https://learn.microsoft.com/rest/api/azureml/usages/list (2024-10-01) */
export interface Usage {
  readonly id?: string;
  readonly type?: string;
  readonly currentValue: number;
  /** -1: without limit. */
  readonly limit: number;
  readonly name: { readonly value: string; readonly localizedValue: string };
}

export interface Left {
  /** As the portal names it, for who asks for more. */
  readonly name: string;
  readonly limit: number;
  readonly free: number;
}

export interface Cores {
  readonly total: Left | undefined;
  readonly totalLowPriority: Left | undefined;
  readonly family: (family: string) => Left | undefined;
}

/**
 * `standardDSv2Family` and `Standard DSv2 Family Cluster Dedicated vCPUs` are the same one: Azure's answers name families in the first way,
 * its documentation in the second.
 */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/cluster|dedicated|vcpus|family|standard/g, "")
    .replace(/[^a-z0-9]/g, "");

/** A subscription's own entries: those of single workspaces and clusters are parts of them. */
export function coresOfUsage(usages: readonly Usage[]): Cores {
  const own = usages.filter(({ id }) => !/\/workspaces\//i.test(id ?? ""));
  const low = (usage: Usage): boolean => /low\s?priority/i.test(`${usage.name.localizedValue} ${usage.type}`);
  const left = (usage: Usage | undefined): Left | undefined =>
    usage && {
      name: usage.name.localizedValue,
      limit: usage.limit,
      free: usage.limit < 0 ? Number.POSITIVE_INFINITY : usage.limit - usage.currentValue,
    };
  const total = (wanted: boolean): Left | undefined =>
    left(own.find((usage) => /^Total Cluster .*Regional vCPUs$/i.test(usage.name.localizedValue) && low(usage) === wanted));
  return {
    total: total(false),
    totalLowPriority: total(true),
    family: (family) =>
      left(
        own.find((usage) => !low(usage) && /family/i.test(usage.name.localizedValue) && plain(usage.name.localizedValue) === plain(family)),
      ),
  };
}

/** A deployment's instances with the 20 % that Azure holds back for upgrades. https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas */
export const reservedInstances = (instances: number): number => Math.ceil(1.2 * instances);
