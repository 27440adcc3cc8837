// The `shared` stack: what all stages share, the ML registry.
import { ResourceGroup } from "../components/azure.ts";
import { ModelRegistry } from "../components/modelRegistry.ts";
import { registryNames } from "../settings/names.ts";
import type { SharedSettings } from "../settings/shared.ts";
import { currentSubscription } from "./subscription.ts";
import { stackTags } from "./tags.ts";

export function shared(settings: SharedSettings): Record<string, unknown> {
  const { suffix } = currentSubscription();
  const names = suffix.apply((text) => registryNames(settings, text));
  const tags = stackTags(settings, "shared");
  const group = new ResourceGroup("shared", { resourceGroupName: names.resourceGroup, location: settings.location, tags });
  new ModelRegistry("shared", {
    resourceGroupName: group.name,
    registryName: names.registry,
    location: settings.location,
    furtherLocations: settings.registryLocations,
    tags,
  });
  return { location: settings.location, registryName: names.registry, registryResourceGroupName: names.resourceGroup };
}
