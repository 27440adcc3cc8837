// Event Grid in the sandbox: takes events of its sources and of publishers, and delivers them to those who asked for them.
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ArmError } from "../core.ts";
import type { ArmResource, Room, SandboxContext } from "../core.ts";
import { errorBody } from "../arm/errors.ts";
import { readJson } from "../server/bodies.ts";
import { gridEvent, publishLimit, readPublished } from "./event.ts";
import type { GridEvent } from "./event.ts";
import { wants } from "./filter.ts";
import { validated } from "./handshake.ts";
import { topicKeys, topicPath } from "./keys.ts";
import { DeliveryPump } from "./pump.ts";
import { DeliveryQueue } from "./queue.ts";
import { listenersOf, propertiesOf, topicType } from "./subscription.ts";

let pump: DeliveryPump | undefined;

export const room: Room = {
  name: "events",
  mount(app, sandbox: SandboxContext) {
    const queue = new DeliveryQueue(sandbox.db);
    const own = (pump = new DeliveryPump(sandbox, queue));
    const accept = (events: readonly GridEvent[], sourceId: string): void => {
      const listeners = listenersOf(sandbox, sourceId);
      for (const event of events) {
        const wanted = listeners.filter((one) => wants(propertiesOf(one).filter, event)).map(({ id }) => id);
        queue.add(wanted, event);
      }
      own.wake();
    };
    sandbox.onEvent((event) => accept([gridEvent(event)], event.topic));

    app.post("/eventgrid/topics/:place/api/events", async (c) => {
      const topic = sandbox.resources.all(topicType).find((one) => topicPath(one) === c.req.param("place").toLowerCase());
      if (!topic) throw new ArmError(404, "NotFound", "There is no topic at this address.");
      try {
        await checkPublisher(sandbox, topic, (name) => c.req.header(name));
      } catch (error) {
        if (!(error instanceof ArmError)) throw error;
        return c.json({ error: errorBody(error) }, error.status as ContentfulStatusCode);
      }
      accept(readPublished(await readJson(c, publishLimit), topic.id), topic.id);
      return c.body(null, 200);
    });

    app.get("/eventgrid/validate", (c) => {
      if (validated(c.req.query("id") ?? "")) return c.text("Webhook successfully validated as a subscription endpoint.");
      return c.text("The validation code is not known, or its time is over.", 404);
    });
  },
  start: () => pump?.start(),
  stop: () => pump?.stop(),
};

/** A key of the topic, or a token of Entra; with local authentication off only the token. @throws ArmError 401 */
async function checkPublisher(sandbox: SandboxContext, topic: ArmResource, header: (name: string) => string | undefined): Promise<void> {
  const refused = (message: string): ArmError => new ArmError(401, "Unauthorized", message);
  if (header("aeg-sas-token") !== undefined)
    throw new ArmError(501, "NotModeledInSandbox", "The sandbox does not model aeg-sas-token; use aeg-sas-key or a token of Entra.");
  const key = header("aeg-sas-key");
  if (key === undefined) {
    if (!header("authorization")) throw refused("Request must contain one of: an authorization header, aeg-sas-key or aeg-sas-token.");
    const caller = await sandbox.authenticate(header("authorization"), "events");
    sandbox.access.demand(caller, { operation: "Microsoft.EventGrid/events/send/action", scope: topic.id, data: true });
    return;
  }
  if (topic.properties["disableLocalAuth"] === true)
    throw refused("Local authentication is disabled on this topic (disableLocalAuth); use a token of Entra.");
  if (!topicKeys(sandbox.db, topic.id).includes(key)) throw refused("The request authorization key is not authorized for this topic.");
}
