// The whole catalog: every azure-native type and function that the provider knows; anything else it refuses by name.
import type { Catalog, CatalogEntry, CatalogFunction, WireType } from "./entry.ts";
import { foundation } from "./foundation.ts";
import { machinelearning } from "./machinelearning.ts";
import { network } from "./network.ts";
import { operations } from "./operations.ts";

const catalogs: readonly Catalog[] = [machinelearning, foundation, network, operations];

/** `module:Type` → facts. */
export const resources: Readonly<Record<string, CatalogEntry>> = Object.assign({}, ...catalogs.map((c) => c.resources));

/** `module:function` → facts, besides the GET that every resource has. */
export const functions: Readonly<Record<string, CatalogFunction>> = Object.assign({}, ...catalogs.map((c) => c.functions ?? {}));

/** `module` → type name without `Args`/`Response` → how its REST form differs. */
export const types: Readonly<Record<string, Readonly<Record<string, WireType>>>> = Object.assign({}, ...catalogs.map((c) => c.types ?? {}));
