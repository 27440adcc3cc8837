// Resource providers that a subscription has to register before it can make their resources; here all are, until one is unregistered.
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { saveSetting, setting } from "../state/database.ts";

type Place = Pick<SandboxContext, "db">;
const name = "providers.unregistered";

const unregistered = (sandbox: Place): string[] => setting(sandbox.db, name, () => "").split(",");

export const isRegistered = (sandbox: Place, namespace: string): boolean => !unregistered(sandbox).includes(namespace.toLowerCase());

export function setRegistered(sandbox: Place, namespace: string, registered: boolean): void {
  const others = unregistered(sandbox).filter((one) => one !== "" && one !== namespace.toLowerCase());
  saveSetting(sandbox.db, name, (registered ? others : [...others, namespace.toLowerCase()]).join(","));
}

/** Throws ArmError 409 as Azure does for a resource of a provider that is not registered. */
export function checkRegistered(sandbox: Place, namespace: string): void {
  if (isRegistered(sandbox, namespace)) return;
  throw new ArmError(
    409,
    "MissingSubscriptionRegistration",
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
  );
}
