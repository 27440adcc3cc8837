// Tells the people that a monitor names what it found, as its alert notification says: a signal beyond its threshold, a run that failed.
import type { SandboxContext, SandboxEvent } from "../../core.ts";
import { sendMail } from "../../mail/outbox.ts";
import { textOf } from "../../runs/text.ts";
import { monitorOf } from "./definition.ts";
import { monitorProperty } from "./start.ts";

export const breachTag = "azureml_modelmonitor_threshold_breached";

/** Listens to the ends of monitors' jobs; returns the way to stop it. */
export function alertByMail(sandbox: SandboxContext): () => void {
  return sandbox.onEvent((event) => {
    if (event.eventType !== "Microsoft.MachineLearningServices.RunStatusChanged") return;
    try {
      alert(sandbox, event);
    } catch (error) {
      sandbox.log("monitor", `no mail of run ${textOf(event.data["runId"])}: ${(error as Error).message}`);
    }
  });
}

function alert(sandbox: SandboxContext, { topic, data }: SandboxEvent): void {
  const { runId, runStatus, runTags, runProperties } = data as {
    runId: string;
    runStatus: string;
    runTags: Record<string, string>;
    runProperties: Record<string, string>;
  };
  const name = runProperties[monitorProperty];
  if (name === undefined || !["Completed", "Failed"].includes(runStatus)) return;
  const schedule = sandbox.resources.get(`${topic}/schedules/${name}`);
  if (!schedule) return;
  const { emails, signals } = monitorOf(schedule, sandbox);
  const send = (subject: string, body: string): void => sendMail(sandbox, { from: "monitor", to: emails, subject, body });
  if (runStatus === "Failed") {
    send(
      `Monitor ${name}: its run ${runId} failed`,
      `The monitor could not be run. See the logs of job ${runId} in workspace ${topic.split("/").at(-1)}.`,
    );
    return;
  }
  // One mail a run, however many signals it is about.
  const broken = Object.keys(signals).filter(
    (signal) => signals[signal]!.alert && runTags[breachTag]?.includes(`The signal '${signal}' has failed`),
  );
  if (broken.length > 0) send(`Monitor ${name}: ${broken.join(", ")} beyond the threshold`, `${runTags[breachTag]}\nRun: ${runId}`);
}
