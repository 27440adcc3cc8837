// Rooms with routes of their own beside Resource Manager: one line each.
import type { Room } from "../core.ts";

export const rooms: readonly Room[] = [];
