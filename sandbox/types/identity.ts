// Microsoft.ManagedIdentity (API 2023-01-31): user-assigned identities and their federated credentials.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ResourceType } from "../core.ts";
import { directory } from "../entra/directory.ts";
import { tags } from "./shapes.ts";

const body = z.looseObject({ location: z.string().optional(), tags });

export const userIdentities: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.ManagedIdentity/userAssignedIdentities",
  body,
  tracked: true,
  provisioningState: false,
  names: { pattern: /^[a-zA-Z0-9][\w-]{2,127}$/, rule: "3-128 letters, digits, hyphens and underscores, a letter or digit first" },
  fill({ before, after }, sandbox) {
    const principalId = (before?.properties["principalId"] as string | undefined) ?? randomUUID();
    const clientId = (before?.properties["clientId"] as string | undefined) ?? randomUUID();
    directory(sandbox.db).addPrincipal(clientId, principalId);
    return { ...after, properties: { tenantId: sandbox.tenantId, principalId, clientId } };
  },
  remove(resource, sandbox) {
    directory(sandbox.db).removePrincipal(String(resource.properties["principalId"]));
  },
};

const credentialBody = z.looseObject({
  properties: z.looseObject({ issuer: z.url(), subject: z.string().min(1), audiences: z.array(z.string()).min(1) }),
});

export const federatedCredentials: ResourceType<z.infer<typeof credentialBody>> = {
  type: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
  body: credentialBody,
  provisioningState: false,
  names: { pattern: /^[a-zA-Z0-9][\w-]{2,119}$/, rule: "3-120 letters, digits, hyphens and underscores" },
};
