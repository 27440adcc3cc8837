// The HTTP client that every connection of the product goes through, and the address it connects from.
import { Agent } from "node:https";
import { isIP } from "node:net";
import { createDefaultHttpClient } from "@azure/core-rest-pipeline";
import type { HttpClient } from "@azure/core-rest-pipeline";
import type { RequestPolicyFactory } from "@azure/storage-blob";

/**
 * Local address to connect from, on a machine with several networks of which one leads to the private endpoints of a stage. The sandbox
 * sets it (`mlops sandbox env`) to the address that stands for a machine inside.
 */
const variable = "MLOPS_SOURCE_ADDRESS";

/** A process talks to one cloud; its first words are `connect`'s. */
let agent: Agent | undefined;
let client: HttpClient | undefined;

/** From here on this process connects from the address that the environment names, or as the system likes. */
export function connectFrom(env: Readonly<Record<string, string | undefined>>): void {
  const localAddress = env[variable] ?? "";
  if (localAddress === (agent?.options.localAddress ?? "")) return;
  agent = localAddress === "" ? undefined : new Agent({ keepAlive: true, localAddress, family: isIP(localAddress) });
  client = undefined;
}

/** One client a process, so that connections are kept. */
export function httpClient(): HttpClient {
  client ??= agent === undefined ? createDefaultHttpClient() : through(agent, createDefaultHttpClient());
  return client;
}

const through = (from: Agent, usual: HttpClient): HttpClient => ({
  async sendRequest(request) {
    if (request.url.startsWith("https:")) request.agent ??= from;
    return await usual.sendRequest(request);
  },
});

/** The same for storage's clients, whose pipelines take policies of the older kind: `newPipeline(…).factories`. */
export function sourceFactories(): RequestPolicyFactory[] {
  if (agent === undefined) return [];
  const from = agent;
  return [
    {
      create: (next) => ({
        async sendRequest(request) {
          if (request.url.startsWith("https:")) request.agent ??= from;
          return await next.sendRequest(request);
        },
      }),
    },
  ];
}
