// Nothing is reached without encryption of today's kind.
import { mustBe, type ResourceRule } from "../rule.ts";

export const tls: ResourceRule = {
  name: "tls",
  description: "connections are encrypted with TLS 1.2 or newer",
  check: {
    "azure-native:storage:StorageAccount": ({ props }) => [
      ...mustBe(props, [{ path: "enableHttpsTrafficOnly", is: true, whenAbsent: "fine", fix: "set enableHttpsTrafficOnly: true" }]),
      ...(["TLS1_2", "TLS1_3"].includes(String(props["minimumTlsVersion"]))
        ? []
        : [
            {
              problem: `minimumTlsVersion is ${props["minimumTlsVersion"] === undefined ? "not set" : JSON.stringify(props["minimumTlsVersion"])}; it must be TLS1_2 or TLS1_3`,
              fix: 'set minimumTlsVersion: "TLS1_2"',
            },
          ]),
    ],
    // In dev a cluster may do without a certificate.
    "azure-native:kubernetesconfiguration:Extension": ({ props, stack }) =>
      stack === "prod"
        ? mustBe(props, [
            {
              path: "configurationSettings.allowInsecureConnections",
              is: "False",
              fix: "set azure-mlops:kubernetes.tls in Pulumi.prod.yaml",
            },
          ])
        : [],
    "azure-native:eventgrid:Topic": ({ props }) =>
      mustBe(props, [{ path: "minimumTlsVersionAllowed", is: "1.2", whenAbsent: "fine", fix: 'set minimumTlsVersionAllowed: "1.2"' }]),
    "azure-native:eventgrid:SystemTopicEventSubscription": ({ props }) => {
      const url = (props["destination"] as { endpointUrl?: unknown } | undefined)?.endpointUrl;
      return typeof url === "string" && !url.startsWith("https://")
        ? [{ problem: "the webhook's address is not https", fix: "give an https:// address" }]
        : [];
    },
  },
};
