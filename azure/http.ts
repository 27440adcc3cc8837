// The HTTP client that every connection of the product goes through.
import { Agent } from "node:https";
import { isIP } from "node:net";
import { createDefaultHttpClient } from "@azure/core-rest-pipeline";
import type { HttpClient, PipelinePolicy } from "@azure/core-rest-pipeline";

/**
 * Local address to connect from, on a machine with several networks of which one leads to the private endpoints of a stage. The sandbox
 * sets it (`mlops sandbox env`) to the address that stands for a machine inside.
 */
export const sourceVariable = "MLOPS_SOURCE_ADDRESS";

let made: { readonly from: string; readonly client: HttpClient } | undefined;

/** The same for clients that bring their own pipeline (`additionalPolicies` of @azure/core-client): connects from the address, if one is named. */
export function sourcePolicies(
  env: Readonly<Record<string, string | undefined>> = process.env,
): { policy: PipelinePolicy; position: "perRetry" }[] {
  const from = env[sourceVariable] ?? "";
  if (from === "") return [];
  const agent = agentFrom(from);
  const policy: PipelinePolicy = {
    name: "sourceAddress",
    async sendRequest(request, next) {
      if (request.url.startsWith("https:")) request.agent ??= agent;
      return await next(request);
    },
  };
  return [{ policy, position: "perRetry" }];
}

/** One client a process, so that connections are kept. */
export function httpClient(env: Readonly<Record<string, string | undefined>> = process.env): HttpClient {
  const from = env[sourceVariable] ?? "";
  if (made?.from !== from) made = { from, client: from === "" ? createDefaultHttpClient() : connectingFrom(from) };
  return made.client;
}

function connectingFrom(localAddress: string): HttpClient {
  const client = createDefaultHttpClient();
  const agent = agentFrom(localAddress);
  return {
    async sendRequest(request) {
      if (request.url.startsWith("https:")) request.agent ??= agent;
      return await client.sendRequest(request);
    },
  };
}

const agents = new Map<string, Agent>();

function agentFrom(localAddress: string): Agent {
  const agent = agents.get(localAddress) ?? new Agent({ keepAlive: true, localAddress, family: isIP(localAddress) });
  agents.set(localAddress, agent);
  return agent;
}
