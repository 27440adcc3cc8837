// Rooms with routes of their own beside Resource Manager: one line each.
import type { Room } from "../core.ts";
import { room as alerts } from "../alerts/room.ts";
import { room as assets } from "../assets/room.ts";
import { room as autoscale } from "../autoscale/room.ts";
import { room as events } from "../events/room.ts";
import { room as jobs } from "../jobs/room.ts";
import { room as proxy } from "../proxy/room.ts";
import { room as serving } from "../serving/index.ts";
import { room as vault } from "../vault/room.ts";
import { room as workflows } from "../workflows/room.ts";

export const rooms: readonly Room[] = [events, workflows, vault, assets, jobs, serving, alerts, autoscale, proxy];
