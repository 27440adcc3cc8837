// Nothing in prod is reachable from the internet.
import { mustBe, onKubernetes, type ResourceRule } from "../rule.ts";

const fix = "remove network and publicAccess from Pulumi.prod.yaml (pulumi config rm azure-mlops:network --stack prod)";
const closed = (path: string) => ({ path, is: "Disabled", fix }) as const;

export const noPublicAccess: ResourceRule = {
  name: "no-public-access",
  description: "in prod, workspaces, endpoints, storage and vaults have no public network access",
  stacks: ["prod"],
  check: {
    "azure-native:machinelearningservices:Workspace": ({ props }) => mustBe(props, [closed("publicNetworkAccess")]),
    // What an endpoint on Kubernetes is reached through is the cluster's load balancer.
    "azure-native:machinelearningservices:OnlineEndpoint": ({ props }) =>
      onKubernetes(props) ? [] : mustBe(props, [closed("properties.publicNetworkAccess")]),
    "azure-native:kubernetesconfiguration:Extension": ({ props }) =>
      mustBe(props, [
        {
          path: "configurationSettings.internalLoadBalancerProvider",
          is: "azure",
          fix: "remove the override of the extension: a stage without public access sets it",
        },
      ]),
    "azure-native:storage:StorageAccount": ({ props }) =>
      mustBe(props, [closed("publicNetworkAccess"), { path: "allowBlobPublicAccess", is: false, fix: "set allowBlobPublicAccess: false" }]),
    "azure-native:keyvault:Vault": ({ props }) => mustBe(props, [closed("properties.publicNetworkAccess")]),
    "azure-native:containerregistry:Registry": ({ props }) =>
      mustBe(props, [{ path: "anonymousPullEnabled", is: false, whenAbsent: "fine", fix: "remove anonymousPullEnabled" }]),
    "azure-native:storage:BlobContainer": ({ props }) =>
      mustBe(props, [{ path: "publicAccess", is: "None", whenAbsent: "fine", fix: "remove publicAccess of the container" }]),
  },
};
