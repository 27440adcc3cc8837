// The Azure ML registry, through which models, components and environments pass from one workspace to another.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Registry } from "./azure.ts";
import type { RegistryArgs } from "./azure.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";

export interface ModelRegistryArgs {
  readonly resourceGroupName: Input<string>;
  readonly registryName: Input<string>;
  readonly location: string;
  /** Further regions that the assets are kept in. */
  readonly furtherLocations: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly override?: { readonly registry?: Override<RegistryArgs> };
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-manage-registries */
export class ModelRegistry extends ComponentResource {
  readonly registryName: Output<string>;
  readonly nodes: { readonly registry: Registry };

  constructor(name: string, args: ModelRegistryArgs, opts?: ComponentResourceOptions) {
    super("mlops:registry:ModelRegistry", name, {}, opts);
    const regions = [...new Set([args.location, ...args.furtherLocations])];
    const registry = new Registry(
      `${name}-registry`,
      overridden(
        {
          resourceGroupName: args.resourceGroupName,
          registryName: args.registryName,
          location: args.location,
          tags: { ...args.tags },
          identity: { type: "SystemAssigned" },
          publicNetworkAccess: "Enabled",
          regionDetails: regions.map((location) => ({
            location,
            acrDetails: [{ systemCreatedAcrAccount: { acrAccountSku: "Premium" } }],
            storageAccountDetails: [
              {
                systemCreatedStorageAccount: {
                  storageAccountType: "Standard_LRS",
                  storageAccountHnsEnabled: false,
                  allowBlobPublicAccess: false,
                },
              },
            ],
          })),
        },
        args.override?.registry,
      ),
      { parent: this },
    );
    this.nodes = { registry };
    this.registryName = registry.name;
    this.registerOutputs({ registryName: this.registryName });
  }
}
