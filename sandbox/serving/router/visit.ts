// What the router holds while a request is on its way.
import type { ServerResponse } from "node:http";
import type { EndpointRoute } from "../table.ts";
import type { Doorman } from "./auth.ts";
import type { EvenDraws } from "./pick.ts";

/** An endpoint of the table and what the router keeps for it from table to table. */
export interface Endpoint {
  route: EndpointRoute;
  doorman: Doorman;
  /** As given, to see whether the doorman has to be replaced. */
  authKey: string;
  readonly draws: EvenDraws;
  readonly mirrorDraws: EvenDraws;
}

/** One request on its way, and what is to be said of it at the end. */
export interface Visit {
  endpoint: Endpoint;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly clientRequestId: string | undefined;
  /** The time to answer runs from here: when the whole request had come. */
  started: number;
  abort: (() => void) | undefined;
  gone: boolean;
}
