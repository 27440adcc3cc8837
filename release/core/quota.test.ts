// What Azure ML's usages say of cores, in both forms in which it names families; and what rights cover.
import { expect, test } from "@jest/globals";
import { coresOfUsage, reservedInstances, type Usage } from "./quota.ts";
import { missingRights } from "./rights.ts";

const usage = (value: string, label: string, currentValue: number, limit: number, id = "/subscriptions/S/usages"): Usage => ({
  ...{ id, type: "Microsoft.MachineLearningServices/vmFamily/usages", currentValue, limit },
  name: { value, localizedValue: label },
});

test("totals, families by either name, low priority apart, workspaces' shares left out", () => {
  const label = "Standard DSv2 Family Cluster Dedicated vCPUs";
  const cores = coresOfUsage([
    usage("Total Cluster Dedicated Regional vCPUs", "Total Cluster Dedicated Regional vCPUs", 14, 24),
    usage("Total Cluster LowPriority Regional vCPUs", "Total Cluster LowPriority Regional vCPUs", 18, -1),
    usage("standardDSv2Family", "Standard DSv2 Family Cluster LowPriority vCPUs", 0, -1),
    usage("standardDSv2Family", label, 2, 2, "/subscriptions/S/resourceGroups/g/providers/x/workspaces/w/usages/f"),
    usage("standardDSv2Family", label, 2, 10),
    usage(label.replace("DSv2", "Dv2"), label.replace("DSv2", "Dv2"), 0, 99),
  ]);
  expect(cores.total).toEqual({ name: "Total Cluster Dedicated Regional vCPUs", limit: 24, free: 10 });
  expect(cores.totalLowPriority!.free).toBe(Number.POSITIVE_INFINITY);
  expect(cores.family("standardDSv2Family")).toEqual({ name: label, limit: 10, free: 8 });
  expect(cores.family("standardNCFamily")).toBeUndefined();
  expect([1, 2, 5, 10].map(reservedInstances)).toEqual([2, 3, 6, 12]);
});

test("rights: given, taken away again, and those on data are others", () => {
  const contributor = { actions: ["*"], notActions: ["Microsoft.Authorization/*/Write"] };
  const wanted = [
    { action: "Microsoft.Storage/storageAccounts/write" },
    { action: "microsoft.authorization/roleAssignments/write" },
    { action: "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", data: true },
  ];
  expect(missingRights(wanted, [contributor])).toEqual(wanted.slice(1));
  const data = { dataActions: ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"] };
  expect(missingRights(wanted, [contributor, data, { actions: ["Microsoft.Authorization/roleAssignments/*"] }])).toEqual([]);
  expect(missingRights(wanted, [])).toEqual(wanted);
});
