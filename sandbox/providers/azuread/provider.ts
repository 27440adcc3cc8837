// Pulumi's azuread provider as far as the sandbox models Microsoft Graph.
import type { Failure } from "../check.ts";
import type { InputDiff } from "../diff.ts";
import { claim, Cloud } from "../http/cloud.ts";
import type { Config } from "../http/cloud.ts";
import type { ChangeArgs, CheckArgs, Provider, Read } from "../rpc/provider.ts";
import type { Properties } from "../rpc/values.ts";

export class AzureAdProvider implements Provider {
  readonly version: string;
  readonly #env: NodeJS.ProcessEnv;
  #config: Config = {};

  constructor(version: string, env: NodeJS.ProcessEnv) {
    this.version = version;
    this.#env = env;
  }

  configure(variables: Config): void {
    this.#config = variables;
  }

  async check(args: CheckArgs): Promise<{ inputs: Properties; failures: readonly Failure[] }> {
    throw refusal(`resource type ${args.token}`);
  }

  diff(args: ChangeArgs): InputDiff {
    throw refusal(`resource type ${args.token}`);
  }

  async create(args: ChangeArgs): Promise<{ id: string; outputs: Properties }> {
    throw refusal(`resource type ${args.token}`);
  }

  async update(args: ChangeArgs): Promise<Properties> {
    throw refusal(`resource type ${args.token}`);
  }

  async read(args: ChangeArgs): Promise<Read | undefined> {
    throw refusal(`resource type ${args.token}`);
  }

  async delete(args: ChangeArgs): Promise<void> {
    throw refusal(`resource type ${args.token}`);
  }

  async invoke(token: string): Promise<Properties> {
    if (token !== "azuread:index/getClientConfig:getClientConfig") throw refusal(`function ${token}`);
    const cloud = new Cloud(this.#config, this.#env);
    const objectId = claim(await cloud.token(await cloud.audience()), "oid");
    return { id: `${cloud.tenantId}-${cloud.clientId}-${objectId}`, clientId: cloud.clientId, objectId, tenantId: cloud.tenantId };
  }
}

function refusal(what: string): Error {
  return new Error(`NotModeledInSandbox: azuread ${what} needs Microsoft Graph, which the sandbox does not model yet`);
}
