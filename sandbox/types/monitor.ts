// Microsoft.OperationalInsights/workspaces (API 2023-09-01) and Microsoft.Insights/components (API 2020-02-02).
import { createHmac, randomUUID } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ResourceType } from "../core.ts";
import { secretSetting } from "../state/database.ts";
import { identity, tags } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";

const logsBody = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  properties: z
    .looseObject({
      sku: z
        .looseObject({
          name: z.enum(["Free", "Standard", "Premium", "PerNode", "PerGB2018", "Standalone", "CapacityReservation", "LACluster"]),
        })
        .nullish(),
      retentionInDays: z.int().min(-1).max(730).nullish(),
    })
    .nullish(),
});

export const logWorkspaces: ResourceType<z.infer<typeof logsBody>> = {
  type: "Microsoft.OperationalInsights/workspaces",
  body: logsBody,
  tracked: true,
  latencySeconds: 15,
  names: { pattern: /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/, rule: "4-63 letters, digits and hyphens, no hyphen at the ends" },
  // Making one again under the same name, group and region brings the old one back.
  softDelete: { days: 14, recovers: () => true, purgeFlag: "force" },
  fill: ({ before, after }) => ({
    ...after,
    properties: {
      sku: { name: "PerGB2018", lastSkuUpdate: new Date().toISOString() },
      retentionInDays: 30,
      publicNetworkAccessForIngestion: "Enabled",
      publicNetworkAccessForQuery: "Enabled",
      features: { enableLogAccessUsingOnlyResourcePermissions: true, legacy: 0, searchVersion: 1 },
      workspaceCapping: { dailyQuotaGb: -1, dataIngestionStatus: "RespectQuota" },
      ...withoutNulls(after.properties),
      customerId: before?.properties["customerId"] ?? randomUUID(),
      createdDate: before?.properties["createdDate"] ?? new Date().toISOString(),
      modifiedDate: new Date().toISOString(),
    },
  }),
  actions: {
    sharedKeys(resource, _body, sandbox) {
      const key = (which: string): string =>
        createHmac("sha512", secretSetting(sandbox.db, "logs.secret"))
          .update(`${String(resource.properties["customerId"])}/${which}`)
          .digest("base64");
      return { body: { primarySharedKey: key("1"), secondarySharedKey: key("2") } };
    },
  },
};

const insightsBody = z.looseObject({
  location: z.string().optional(),
  tags,
  kind: z.string(),
  properties: z
    .looseObject({
      Application_Type: z.enum(["web", "other"]),
      WorkspaceResourceId: z.string().nullish(),
      RetentionInDays: z.union([z.literal([30, 60, 90, 120, 180, 270, 365, 550, 730])]).nullish(),
    })
    .nullish(),
});

export const insightsComponents: ResourceType<z.infer<typeof insightsBody>> = {
  type: "Microsoft.Insights/components",
  body: insightsBody,
  tracked: true,
  latencySeconds: 15,
  check({ after }, sandbox) {
    const logs = after.properties["WorkspaceResourceId"];
    if (typeof logs === "string" && !sandbox.resources.get(logs)) {
      throw new ArmError(400, "InvalidWorkspaceResourceId", `WorkspaceResourceId: the Log Analytics workspace '${logs}' was not found.`, {
        target: "properties.WorkspaceResourceId",
      });
    }
  },
  fill({ before, after }) {
    const old = before?.properties ?? {};
    const key = (old["InstrumentationKey"] as string | undefined) ?? randomUUID();
    const app = (old["AppId"] as string | undefined) ?? randomUUID();
    return {
      ...after,
      properties: {
        RetentionInDays: 90,
        IngestionMode: after.properties["WorkspaceResourceId"] ? "LogAnalytics" : "ApplicationInsights",
        publicNetworkAccessForIngestion: "Enabled",
        publicNetworkAccessForQuery: "Enabled",
        DisableIpMasking: false,
        Application_Type: "web",
        ...withoutNulls(after.properties),
        AppId: app,
        ApplicationId: after.name,
        Name: after.name,
        CreationDate: old["CreationDate"] ?? new Date().toISOString(),
        TenantId: after.id.split("/")[2],
        InstrumentationKey: key,
        ConnectionString: `InstrumentationKey=${key};IngestionEndpoint=https://${after.location}-0.in.applicationinsights.azure.com/;LiveEndpoint=https://${after.location}.livediagnostics.monitor.azure.com/;ApplicationId=${app}`,
      },
    };
  },
};
