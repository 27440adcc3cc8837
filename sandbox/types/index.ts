// Every resource type the sandbox models.
import type { AnyType } from "../arm/registry.ts";
import { resourceGroups } from "./resources.ts";

export const types: readonly AnyType[] = [resourceGroups];
