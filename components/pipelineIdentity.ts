// Who a pipeline is in Azure: an Entra application without any secret, which GitHub's or Azure DevOps' own tokens stand for.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Application, ApplicationFederatedIdentityCredential, ServicePrincipal } from "./azuread.ts";
import { grant, roles } from "./roles.ts";
import type { Role } from "./roles.ts";

/** A token that Entra takes for the application: who issued it, and for what run. */
export interface Federation {
  /** `github-prod`; unique within the identity. */
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
}

export interface IdentityGrant {
  /** Part of the assignment's Pulumi name; unique within the identity. */
  readonly what: string;
  readonly role: Role;
  /** Id of the resource or resource group. */
  readonly scope: Input<string>;
  readonly condition?: string;
}

export interface PipelineIdentityArgs {
  readonly displayName: string;
  readonly description: string;
  readonly federations: readonly Federation[];
  readonly grants: readonly IdentityGrant[];
  readonly subscriptionId: Input<string>;
  /** Sets the role assignments' names apart. */
  readonly seed: string;
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation */
export class PipelineIdentity extends ComponentResource {
  /** What the pipeline signs in as. */
  readonly clientId: Output<string>;
  readonly principalId: Output<string>;
  readonly nodes: { readonly application: Application; readonly principal: ServicePrincipal };

  constructor(name: string, args: PipelineIdentityArgs, opts?: ComponentResourceOptions) {
    super("mlops:identity:PipelineIdentity", name, {}, opts);
    const child = { parent: this };
    const { displayName, description, subscriptionId, seed } = args;
    const application = new Application(`${name}-application`, { displayName, description, signInAudience: "AzureADMyOrg" }, child);
    const principal = new ServicePrincipal(`${name}-principal`, { clientId: application.clientId, description }, child);
    for (const federation of args.federations) {
      new ApplicationFederatedIdentityCredential(
        `${name}-${federation.name}`,
        {
          applicationId: application.id,
          displayName: federation.name,
          audiences: ["api://AzureADTokenExchange"],
          issuer: federation.issuer,
          subject: federation.subject,
        },
        { ...child, deleteBeforeReplace: true },
      );
    }
    for (const { what, role, scope, condition } of args.grants) {
      grant(
        `${name}-${what}`,
        {
          role,
          scope,
          subscriptionId,
          principalId: principal.objectId,
          principalType: "ServicePrincipal",
          ...(condition ? { condition } : {}),
        },
        { ...child, seed },
      );
    }
    this.nodes = { application, principal };
    this.clientId = application.clientId;
    this.principalId = principal.objectId;
    this.registerOutputs({ clientId: this.clientId, principalId: this.principalId });
  }
}

/**
 * May give and take these roles and no others, so that a pipeline cannot make itself or anyone an owner.
 * https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
 */
export function onlyRoles(allowed: readonly Role[]): string {
  const list = allowed.map((role) => roles[role]).join(", ");
  const only = (action: "write" | "delete", source: "Request" | "Resource"): string =>
    `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/${action}'})) OR ` +
    `(@${source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${list}}))`;
  return `${only("write", "Request")} AND ${only("delete", "Resource")}`;
}
