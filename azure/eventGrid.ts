// Publishes events to a custom topic of Event Grid, as the signed-in identity.
import type { Azure } from "./client.ts";

/** https://learn.microsoft.com/azure/event-grid/authenticate-with-microsoft-entra-id */
const scope = "https://eventgrid.azure.net/.default";

/** `endpoint` as the topic's resource says it. The caller needs EventGrid Data Sender there. @throws AzureError */
export async function publishEvents(azure: Azure, endpoint: string, events: readonly object[], signal: AbortSignal): Promise<void> {
  await azure.request("POST", endpoint, events, { scope, apiVersion: "2018-01-01", signal });
}
