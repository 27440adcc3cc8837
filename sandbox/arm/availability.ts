// `POST /subscriptions/{s}/providers/{ns}/checkNameAvailability`: is a name that is unique in the whole cloud still free? As data.
import type { Hono } from "hono";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import type { Engine } from "./engine.ts";
import { notModeled } from "./errors.ts";
import { checkName } from "./guards.ts";
import { readObject } from "../server/bodies.ts";
import { checkApiVersion } from "./registry.ts";

/** Namespace → the type it answers for, and what it says of a name that no resource of the type can have. */
const answers: Readonly<Record<string, { readonly type: string; readonly invalid: string }>> = {
  // https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/check-name-availability
  "microsoft.keyvault": { type: "Microsoft.KeyVault/vaults", invalid: "AccountNameInvalid" },
  // https://learn.microsoft.com/rest/api/storagerp/storage-accounts/check-name-availability
  "microsoft.storage": { type: "Microsoft.Storage/storageAccounts", invalid: "AccountNameInvalid" },
  // https://learn.microsoft.com/rest/api/containerregistry/registries/check-name-availability
  "microsoft.containerregistry": { type: "Microsoft.ContainerRegistry/registries", invalid: "Invalid" },
};

export function mountAvailability(app: Hono, engine: Engine, sandbox: SandboxContext): void {
  app.post("/subscriptions/:s/providers/:namespace/:what{[cC]heck[nN]ame[aA]vailability}", async (c) => {
    const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
    const namespace = c.req.param("namespace");
    checkApiVersion(c.req.query("api-version"), namespace, `${namespace}/checkNameAvailability`);
    sandbox.access.demand(caller, { operation: `${namespace}/checkNameAvailability/read`, scope: `/subscriptions/${c.req.param("s")}` });
    const answer = answers[namespace.toLowerCase()];
    if (!answer)
      throw notModeled(
        `checkNameAvailability of '${namespace}'`,
        `it has that of ${Object.values(answers)
          .map(({ type }) => type)
          .join(", ")}.`,
      );
    const { name, type } = await readObject(c);
    if (typeof name !== "string" || String(type).toLowerCase() !== answer.type.toLowerCase())
      throw new ArmError(400, "BadRequest", `The body must be {"name": …, "type": "${answer.type}"}.`);
    const known = engine.registry.get(answer.type);
    try {
      checkName(known, name);
    } catch (error) {
      if (error instanceof ArmError) return c.json({ nameAvailable: false, reason: answer.invalid, message: error.message });
      throw error;
    }
    const taken = engine.store.hasName(answer.type, name) || engine.store.deletedByName(answer.type, name) !== undefined;
    if (!taken) return c.json({ nameAvailable: true });
    return c.json({
      nameAvailable: false,
      reason: "AlreadyExists",
      message: known.globalName?.message(name) ?? `The name '${name}' is already in use.`,
    });
  });
}
