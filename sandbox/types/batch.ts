// placeholder
import type { ResourceType } from "../core.ts";
export const batchTypes: ResourceType[] = [];
