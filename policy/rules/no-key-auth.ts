// In prod, callers are Entra identities: keys cannot be told apart, expire never and leak.
import { mustBe, onKubernetes, type ResourceRule } from "../rule.ts";

const token = "add auth_mode=aad_token to endpointSet in Pulumi.prod.yaml";

export const noKeyAuth: ResourceRule = {
  name: "no-key-auth",
  description: "in prod, callers sign in with Entra; no account keys, endpoint keys, admin users or access policies",
  stacks: ["prod"],
  check: {
    // On Kubernetes there is no AADToken; Azure ML's own tokens are got by signing in, and expire.
    "azure-native:machinelearningservices:OnlineEndpoint": ({ props }) =>
      mustBe(props, [
        onKubernetes(props)
          ? { path: "properties.authMode", is: "AMLToken", fix: token.replace("aad_token", "aml_token") }
          : { path: "properties.authMode", is: "AADToken", fix: token },
      ]),
    "azure-native:machinelearningservices:BatchEndpoint": ({ props }) =>
      mustBe(props, [{ path: "properties.authMode", is: "AADToken", fix: "set auth_mode: aad_token" }]),
    "azure-native:machinelearningservices:Workspace": ({ props }) =>
      mustBe(props, [{ path: "systemDatastoresAuthMode", is: "identity", fix: 'set systemDatastoresAuthMode: "identity"' }]),
    "azure-native:machinelearningservices:Compute": ({ props }) =>
      mustBe(props, [
        { path: "properties.disableLocalAuth", is: true, whenAbsent: "fine", fix: "set disableLocalAuth: true" },
        {
          path: "properties.properties.remoteLoginPortPublicAccess",
          is: "Disabled",
          whenAbsent: "fine",
          fix: "set remoteLoginPortPublicAccess: Disabled",
        },
      ]),
    "azure-native:storage:StorageAccount": ({ props }) =>
      mustBe(props, [{ path: "allowSharedKeyAccess", is: false, fix: "set allowSharedKeyAccess: false" }]),
    "azure-native:keyvault:Vault": ({ props }) =>
      mustBe(props, [{ path: "properties.enableRbacAuthorization", is: true, fix: "set enableRbacAuthorization: true and give roles" }]),
    "azure-native:containerregistry:Registry": ({ props }) =>
      mustBe(props, [{ path: "adminUserEnabled", is: false, whenAbsent: "fine", fix: "set adminUserEnabled: false" }]),
    "azure-native:eventgrid:Topic": ({ props }) =>
      mustBe(props, [{ path: "disableLocalAuth", is: true, fix: "set disableLocalAuth: true" }]),
  },
};
