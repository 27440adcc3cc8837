// Logic Apps in the sandbox: the triggers' addresses, and runs that go on after a restart.
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ArmError } from "../core.ts";
import type { Room, SandboxContext } from "../core.ts";
import { readJson } from "../server/bodies.ts";
import { guidOf, signedBy } from "./callback.ts";
import { all } from "./definition.ts";
import { definitionOf, workflowRunner } from "./runner.ts";
import type { WorkflowRunner } from "./runner.ts";

export const workflowType = "Microsoft.Logic/workflows";
const bodyLimit = 4 * 1024 * 1024;

let runner: WorkflowRunner | undefined;

export const room: Room = {
  name: "workflows",
  mount(app, sandbox: SandboxContext) {
    app.post("/workflows/:guid/triggers/:trigger/paths/invoke", async (c) => {
      const { guid, trigger } = c.req.param();
      const workflow = sandbox.resources.all(workflowType).find((one) => guidOf(one) === guid);
      const found = workflow && Object.hasOwn(definitionOf(workflow).triggers, trigger);
      if (!workflow || !found) throw new ArmError(404, "WorkflowNotFound", `There is no workflow '${guid}' with a trigger '${trigger}'.`);
      if (!signedBy(sandbox, workflow, trigger, c.req.query("sig")))
        throw new ArmError(
          401,
          "DirectApiAuthorizationRequired",
          "The request must be authenticated by the signature of its callback URL.",
        );
      const body = await readJson(c, bodyLimit);
      // Consumption workflows take part in Event Grid's handshake by themselves.
      if (c.req.header("aeg-event-type") === "SubscriptionValidation") {
        const code = (body as { data: { validationCode: string } }[])[0]?.data.validationCode;
        return c.json({ validationResponse: code });
      }
      if (workflow.properties["state"] === "Disabled")
        throw new ArmError(404, "WorkflowTriggerIsNotEnabled", `The workflow '${workflow.name}' is disabled.`);
      const runs = workflowRunner(sandbox).trigger(workflow, { headers: c.req.header(), body });
      const first = runs[0];
      const headers: Record<string, string> = first ? { "x-ms-workflow-run-id": first.id, "x-ms-workflow-name": workflow.name } : {};
      const responds = all(definitionOf(workflow).actions).some(([, action]) => action.type === "Response");
      if (!responds || !first) return c.body(null, 202, headers);
      const answer = await workflowRunner(sandbox).response(first);
      if (!answer) throw new ArmError(502, "NoResponse", "The workflow ended without an answer; its run history has the reason.");
      const status = answer.statusCode as ContentfulStatusCode;
      const given = { ...headers, ...answer.headers };
      if (answer.body === undefined || answer.body === null) return c.body(null, status, given);
      return typeof answer.body === "string" ? c.text(answer.body, status, given) : c.json(answer.body, status, given);
    });
  },
  start(sandbox) {
    runner = workflowRunner(sandbox);
    runner.resume();
  },
  async stop() {
    await runner?.stop();
  },
};
