// What runs in a workspace: jobs, what starts them by the clock, and what starts them by request.
import type { ResourceType } from "../core.ts";
import { batchTypes } from "./batch.ts";
import { jobs } from "./job.ts";
import { schedules } from "./schedules.ts";

export const jobTypes = [jobs, schedules, ...batchTypes] as ResourceType[];
