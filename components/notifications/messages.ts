// What is said of each event: titles and details as expressions over one event of Event Grid.
import { releaseEventType, type ReleaseNotice } from "../../release/core/notices.ts";
import type { NoticeName, WorkspaceNotice } from "../../settings/notifications.ts";
import { after, call, choose, concat, type Expr, item, text } from "./expression.ts";

const workspaceTypes: Readonly<Record<WorkspaceNotice, string>> = {
  modelRegistered: "ModelRegistered",
  modelDeployed: "ModelDeployed",
  runCompleted: "RunCompleted",
  runStatusChanged: "RunStatusChanged",
  datasetDriftDetected: "DatasetDriftDetected",
};

export const isWorkspaceNotice = (name: NoticeName): name is WorkspaceNotice => Object.hasOwn(workspaceTypes, name);

/** Event Grid's name of a kind of notice. */
export const eventTypeOf = (name: NoticeName): string =>
  isWorkspaceNotice(name) ? `Microsoft.MachineLearningServices.${workspaceTypes[name]}` : releaseEventType(name);

/** A field of the event; events that were captured begin names with small letters, the documentation's with capitals. */
const field = (name: string): Expr =>
  call("string", call("coalesce", item("data", name), item("data", name.slice(0, 1).toUpperCase() + name.slice(1)), text("")));

const model = concat(field("model"), text(":"), field("version"));
const stage = field("stage");
const workspace = call("last", call("split", item("topic"), text("/")));

const releaseTitles: Readonly<Record<ReleaseNotice, Expr>> = {
  gateFailed: concat(text("The gate says no to "), model),
  waitingForApproval: concat(model, text(" waits for approval for "), stage),
  approved: concat(field("who"), text(" approved "), model, text(" for "), stage),
  rejected: concat(field("who"), text(" rejected "), model, text(" for "), stage),
  canaryStep: concat(model, text(" takes more of the traffic in "), stage),
  live: concat(model, text(" is live in "), stage),
  rolledBack: concat(model, text(" was rolled back in "), stage),
  deploymentFailed: concat(model, text(" failed in "), stage),
};
const workspaceTitles: Readonly<Record<WorkspaceNotice, Expr>> = {
  modelRegistered: concat(text("Model "), field("modelName"), text(":"), field("modelVersion"), text(" was registered in "), workspace),
  modelDeployed: concat(field("modelIds"), text(" serves at endpoint "), field("serviceName"), text(" of "), workspace),
  runCompleted: concat(text("A run of "), field("experimentName"), text(" has completed in "), workspace),
  runStatusChanged: concat(text("A run of "), field("experimentName"), text(" is "), field("runStatus"), text(" in "), workspace),
  datasetDriftDetected: concat(
    text("Drift "),
    field("driftCoefficient"),
    text(" found by "),
    field("dataDriftName"),
    text(" in "),
    workspace,
  ),
};

const titleOf = (name: NoticeName): Expr => (isWorkspaceNotice(name) ? workspaceTitles[name] : releaseTitles[name]);

const is = (name: NoticeName): Expr => call("equals", item("eventType"), text(eventTypeOf(name)));

/** One line for an event of these kinds. */
export const title = (names: readonly NoticeName[]): Expr =>
  choose(
    names.map((name) => [is(name), titleOf(name)] as const),
    item("eventType"),
  );

/** Metrics with their change, who, why; what an event does not have is left out. */
export const details = (): Expr =>
  concat(
    after("metrics: ", field("metricsText")),
    after("; by ", field("who")),
    after("; ", field("reason")),
    after("run ", field("runId")),
  );

/** Where to look: the run that made the model. */
export const link = (): Expr =>
  choose(
    [
      [call("not", call("empty", field("runUrl"))), field("runUrl")],
      [
        call("not", call("empty", field("runId"))),
        concat(text("https://ml.azure.com/runs/"), field("runId"), text("?wsid="), item("topic")),
      ],
      [
        call("not", call("empty", field("modelName"))),
        concat(
          text("https://ml.azure.com/model/"),
          field("modelName"),
          text(":"),
          field("modelVersion"),
          text("/details?wsid="),
          item("topic"),
        ),
      ],
    ],
    text(""),
  );

export const endpoint = (): Expr => field("endpointUrl");
