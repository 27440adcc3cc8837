// The managed network of workspaces, hubs and feature stores: what may go out of it.
import { list, object, union, type Entity } from "../schema/compound.ts";
import { nullable, readOnly, required } from "../schema/field.ts";
import { any, bool, camelToSnake, oneOf, str } from "../schema/scalars.ts";
import { pascal } from "./identity.ts";

const rule = { name: required(str), parent_rule_names: readOnly(any), category: readOnly(any), status: readOnly(any) } as const;
const drop = { unknown: "drop" } as const;
const outboundRule = union(
  object(
    {
      ...rule,
      type: any,
      destination: required(
        object({ service_resource_id: required(str), subresource_target: required(str), spark_enabled: required(bool) }),
      ),
      fqdns: list(str),
    },
    drop,
  ),
  object(
    {
      ...rule,
      type: any,
      destination: required(
        object({ service_tag: required(str), protocol: required(str), port_ranges: required(str), address_prefixes: list(str) }),
      ),
    },
    drop,
  ),
  object({ ...rule, type: any, destination: required(str) }, drop),
);

export const managedNetwork = object(
  {
    isolation_mode: required(oneOf(["disabled", "allow_internet_outbound", "allow_only_approved_outbound"], { transform: camelToSnake })),
    outbound_rules: nullable(list(outboundRule)),
    firewall_sku: oneOf(["standard", "basic"], { transform: camelToSnake }),
    network_id: readOnly(any),
    status: any,
  },
  drop,
);
type ManagedNetwork = Entity<typeof managedNetwork.fields>;

/** A managed network's form in a request. */
export function networkBody(value: ManagedNetwork): unknown {
  const rules = (value.outbound_rules ?? []).map((item) => [item.name, ruleBody(item)] as const);
  return {
    isolationMode: pascal(value.isolation_mode),
    outboundRules: Object.fromEntries(rules),
    firewallSku: pascal(value.firewall_sku ?? "standard"),
  };
}

type Rule = NonNullable<ManagedNetwork["outbound_rules"]>[number];

function ruleBody(value: Rule): unknown {
  const category = "UserDefined";
  const { destination } = value;
  if (typeof destination === "string") return { type: "FQDN", category, destination };
  if ("service_tag" in destination) {
    const { service_tag, protocol, port_ranges, address_prefixes } = destination;
    return {
      type: "ServiceTag",
      category,
      destination: { serviceTag: service_tag, protocol, portRanges: port_ranges, addressPrefixes: address_prefixes },
    };
  }
  const { service_resource_id, subresource_target, spark_enabled } = destination;
  return {
    type: "PrivateEndpoint",
    category,
    destination: { serviceResourceId: service_resource_id, subresourceTarget: subresource_target, sparkEnabled: spark_enabled },
    fqdns: "fqdns" in value ? value.fqdns : null,
  };
}
