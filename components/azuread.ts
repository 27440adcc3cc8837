// The azuread classes in use, each from its own file, as in azure.ts.
export { Application } from "@pulumi/azuread/application.js";
export { ApplicationFederatedIdentityCredential } from "@pulumi/azuread/applicationFederatedIdentityCredential.js";
export { ServicePrincipal } from "@pulumi/azuread/servicePrincipal.js";
