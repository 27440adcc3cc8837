// Fires schedules: looks every second which are due, and submits their jobs under names that say schedule and time.
import type { ArmResource, SandboxContext } from "../../core.ts";
import { jobs, submitJob } from "../../types/job.ts";
import { textOf } from "../../runs/text.ts";
import { isObject, objectField, textField, type Json } from "../fields.ts";
import { startMonitor } from "../monitor/start.ts";
import { userError } from "../refuse.ts";
import { readTrigger } from "./trigger.ts";

export const scheduleType = "Microsoft.MachineLearningServices/workspaces/schedules";

const tickMs = 1000;

export const workspaceOf = (schedule: ArmResource): string => schedule.id.split("/").slice(0, -2).join("/");

export const triggerOf = (schedule: ArmResource) =>
  readTrigger(objectField(schedule.properties, "trigger"), Date.parse(textOf(schedule.systemData?.["createdAt"])) || Date.now());

/** The properties of the job that a schedule starts: written out in it, or those of the job that it names. Throws ArmError 400. */
export function definitionOf(schedule: ArmResource, sandbox: SandboxContext): Json {
  const definition = objectField(objectField(schedule.properties, "action"), "jobDefinition");
  const source = textField(definition, "sourceJobId");
  if (source === undefined) return definition;
  const id = source.replace(/^azureml:/i, "");
  const job = sandbox.resources.get(id.startsWith("/") ? id : `${workspaceOf(schedule)}/jobs/${id}`);
  if (!job || job.type !== jobs.type || !isObject(job.properties))
    throw userError(
      `The schedule's job "${source}" was not found; name a job of this workspace by its id.`,
      "action.jobDefinition.sourceJobId",
    );
  const given = Object.entries(definition).filter(
    ([key, value]) => key !== "sourceJobId" && value !== null && value !== "" && !(isObject(value) && Object.keys(value).length === 0),
  );
  return { ...job.properties, ...Object.fromEntries(given) };
}

const isMonitor = (schedule: ArmResource): boolean =>
  textField(objectField(schedule.properties, "action"), "actionType")?.toLowerCase() === "createmonitor";

/** Submits the schedule's job for that time; once, however often it is asked. Returns the job's name. */
export async function fire(schedule: ArmResource, time: number, sandbox: SandboxContext): Promise<string> {
  const stamp = new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const name = `${schedule.name}-${stamp}`;
  const principalId = textOf(schedule.systemData?.["createdBy"], sandbox.tenantId);
  if (isMonitor(schedule)) {
    startMonitor(sandbox, schedule, name, time, principalId);
    return name;
  }
  const { sourceJobId: _source, status: _status, services: _services, ...definition } = definitionOf(schedule, sandbox);
  await submitJob(
    sandbox,
    workspaceOf(schedule),
    name,
    {
      ...definition,
      displayName: name,
      experimentName: textField(definition, "experimentName") ?? schedule.name,
      scheduleName: schedule.name,
      isArchived: false,
    },
    principalId,
  );
  return name;
}

export class ScheduleClock {
  readonly #sandbox: SandboxContext;
  readonly #due = new Map<string, { etag: string | undefined; at: number | undefined }>();
  #timer: NodeJS.Timeout | undefined;
  #looked = Date.now();

  constructor(sandbox: SandboxContext) {
    this.#sandbox = sandbox;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#tick(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #tick(): Promise<void> {
    const now = Date.now();
    const before = this.#looked;
    this.#looked = now;
    const all = this.#sandbox.resources.all(scheduleType);
    for (const schedule of all) {
      if (schedule.properties["isEnabled"] === false) {
        this.#due.delete(schedule.id);
        continue;
      }
      try {
        let due = this.#due.get(schedule.id);
        if (!due || due.etag !== schedule.etag) due = { etag: schedule.etag, at: triggerOf(schedule).next(before) };
        this.#due.set(schedule.id, due);
        if (due.at === undefined || due.at > now) continue;
        const { at } = due;
        // A machine that slept fires once, not for every time that it missed.
        this.#due.set(schedule.id, { etag: schedule.etag, at: triggerOf(schedule).next(now) });
        const job = await fire(schedule, at, this.#sandbox);
        this.#sandbox.log("schedules", `${schedule.name} started job ${job}`);
      } catch (error) {
        this.#sandbox.log("schedules", `${schedule.name}: ${(error as Error).message}`);
      }
    }
    if (this.#due.size > all.length) {
      const there = new Set(all.map(({ id }) => id));
      for (const id of this.#due.keys()) if (!there.has(id)) this.#due.delete(id);
    }
  }
}
