// The azuread resource types that the sandbox models, and what Microsoft Graph (v1.0) calls their properties.
import type { ObjectTable, Shape } from "../table/format.ts";

/** One type of azuread, keyed by the token's last part. */
export interface GraphType {
  /** Graph collection; `{applicationId}` is an input that holds an id of this provider's form. */
  readonly collection: string;
  readonly in: ObjectTable;
  readonly out: ObjectTable;
  /** Inputs whose change replaces the resource. */
  readonly replaces: readonly string[];
  /** Inputs of the SDK that the sandbox does not model. */
  readonly notModeled: readonly string[];
  /** Resource id from the ids of parent and object, as terraform-provider-azuread builds them. */
  readonly id: (objectId: string, parentId: string) => string;
  /** `owners` is a collection of its own in Graph. */
  readonly owners?: true;
  /** The input by which `useExisting` finds one that is there. */
  readonly existingBy?: string;
}

const strings: Shape = { l: "s" };

const appRole: ObjectTable = {
  p: { allowedMemberTypes: strings, description: "s", displayName: "s", enabled: "b", id: "s", value: "s" },
  r: ["allowedMemberTypes", "description", "displayName", "id"],
  w: { enabled: ["isEnabled"] },
};
const scope: ObjectTable = {
  p: {
    adminConsentDescription: "s",
    adminConsentDisplayName: "s",
    enabled: "b",
    id: "s",
    type: "s",
    userConsentDescription: "s",
    userConsentDisplayName: "s",
    value: "s",
  },
  r: ["id"],
  w: { enabled: ["isEnabled"] },
};

/** Objects inside the resources, by the SDK's type names. */
export const objects: Readonly<Record<string, ObjectTable>> = {
  ApplicationAppRole: appRole,
  ServicePrincipalAppRole: appRole,
  ApplicationApiOauth2PermissionScope: scope,
  ServicePrincipalOauth2PermissionScope: scope,
  ApplicationApi: {
    p: {
      knownClientApplications: strings,
      mappedClaimsEnabled: "b",
      oauth2PermissionScopes: { l: { t: "ApplicationApiOauth2PermissionScope" } },
      requestedAccessTokenVersion: "n",
    },
    w: { mappedClaimsEnabled: ["acceptMappedClaims"] },
  },
  ApplicationRequiredResourceAccess: {
    p: { resourceAccesses: { l: { t: "ApplicationRequiredResourceAccessResourceAccess" } }, resourceAppId: "s" },
    r: ["resourceAccesses", "resourceAppId"],
    w: { resourceAccesses: ["resourceAccess"] },
  },
  ApplicationRequiredResourceAccessResourceAccess: { p: { id: "s", type: "s" }, r: ["id", "type"] },
  ApplicationWeb: {
    p: { homepageUrl: "s", implicitGrant: { t: "ApplicationWebImplicitGrant" }, logoutUrl: "s", redirectUris: strings },
    w: { homepageUrl: ["homePageUrl"], implicitGrant: ["implicitGrantSettings"] },
  },
  ApplicationWebImplicitGrant: {
    p: { accessTokenIssuanceEnabled: "b", idTokenIssuanceEnabled: "b" },
    w: { accessTokenIssuanceEnabled: ["enableAccessTokenIssuance"], idTokenIssuanceEnabled: ["enableIdTokenIssuance"] },
  },
  ApplicationSinglePageApplication: { p: { redirectUris: strings } },
  ApplicationPublicClient: { p: { redirectUris: strings } },
};

const application: ObjectTable["p"] = {
  api: { t: "ApplicationApi" },
  appRoles: { l: { t: "ApplicationAppRole" } },
  description: "s",
  deviceOnlyAuthEnabled: "b",
  displayName: "s",
  fallbackPublicClientEnabled: "b",
  identifierUris: strings,
  notes: "s",
  oauth2PostResponseRequired: "b",
  owners: strings,
  preventDuplicateNames: "b",
  publicClient: { t: "ApplicationPublicClient" },
  requiredResourceAccesses: { l: { t: "ApplicationRequiredResourceAccess" } },
  serviceManagementReference: "s",
  signInAudience: "s",
  singlePageApplication: { t: "ApplicationSinglePageApplication" },
  tags: strings,
  web: { t: "ApplicationWeb" },
};
const applicationWire = {
  clientId: ["appId"],
  objectId: ["id"],
  deviceOnlyAuthEnabled: ["isDeviceOnlyAuthSupported"],
  fallbackPublicClientEnabled: ["isFallbackPublicClient"],
  oauth2PostResponseRequired: ["oauth2RequirePostResponse"],
  requiredResourceAccesses: ["requiredResourceAccess"],
  singlePageApplication: ["spa"],
  logoUrl: ["info", "logoUrl"],
};

const principal: ObjectTable["p"] = {
  accountEnabled: "b",
  alternativeNames: strings,
  appRoleAssignmentRequired: "b",
  clientId: "s",
  description: "s",
  loginUrl: "s",
  notes: "s",
  notificationEmailAddresses: strings,
  owners: strings,
  preferredSingleSignOnMode: "s",
  tags: strings,
  useExisting: "b",
};
const principalWire = {
  clientId: ["appId"],
  objectId: ["id"],
  applicationTenantId: ["appOwnerOrganizationId"],
  homepageUrl: ["homepage"],
  redirectUris: ["replyUrls"],
  type: ["servicePrincipalType"],
};

const credential: ObjectTable["p"] = {
  applicationId: "s",
  audiences: strings,
  description: "s",
  displayName: "s",
  issuer: "s",
  subject: "s",
};
const credentialWire = { displayName: ["name"], credentialId: ["id"] };

export const graphTypes: Readonly<Record<string, GraphType>> = {
  Application: {
    collection: "applications",
    in: { p: application, r: ["displayName"], w: applicationWire },
    out: {
      p: {
        ...application,
        clientId: "s",
        objectId: "s",
        publisherDomain: "s",
        disabledByMicrosoft: "s",
        logoUrl: "s",
        appRoleIds: { m: "s" },
        oauth2PermissionScopeIds: { m: "s" },
      },
      w: applicationWire,
    },
    replaces: [],
    notModeled: [
      "featureTags",
      "groupMembershipClaims",
      "logoImage",
      "marketingUrl",
      "optionalClaims",
      "password",
      "privacyStatementUrl",
      "supportUrl",
      "templateId",
      "termsOfServiceUrl",
    ],
    id: (objectId) => `/applications/${objectId}`,
    owners: true,
  },
  ServicePrincipal: {
    collection: "servicePrincipals",
    in: { p: principal, r: ["clientId"], w: principalWire },
    out: {
      p: {
        ...principal,
        objectId: "s",
        displayName: "s",
        applicationTenantId: "s",
        appRoles: { l: { t: "ServicePrincipalAppRole" } },
        appRoleIds: { m: "s" },
        oauth2PermissionScopes: { l: { t: "ServicePrincipalOauth2PermissionScope" } },
        oauth2PermissionScopeIds: { m: "s" },
        homepageUrl: "s",
        logoutUrl: "s",
        redirectUris: strings,
        servicePrincipalNames: strings,
        signInAudience: "s",
        type: "s",
      },
      w: principalWire,
    },
    replaces: ["clientId"],
    notModeled: ["featureTags", "features", "samlSingleSignOn"],
    id: (objectId) => `/servicePrincipals/${objectId}`,
    owners: true,
    existingBy: "clientId",
  },
  ApplicationFederatedIdentityCredential: {
    collection: "applications/{applicationId}/federatedIdentityCredentials",
    in: { p: credential, r: ["applicationId", "audiences", "displayName", "issuer", "subject"], w: credentialWire },
    out: { p: { ...credential, credentialId: "s" }, w: credentialWire },
    replaces: ["applicationId", "displayName"],
    notModeled: [],
    id: (objectId, parentId) => `${parentId.split("/").at(-1)}/federatedIdentityCredential/${objectId}`,
  },
};
