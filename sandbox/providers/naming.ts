// Names for resources that the program gave none: azure-native's auto-naming, with Pulumi's own settings for it.
import { createHash } from "node:crypto";
import type { AutoName } from "./catalog/entry.ts";

/** What the engine proposes when `pulumi:autonaming` is configured. */
export interface AutonamingOptions {
  readonly proposedName: string;
  readonly mode: "propose" | "enforce" | "disable";
}

export interface MadeName {
  readonly name: string;
  /** The name holds chance: old and new can stand side by side, so a replacement creates before it deletes. */
  readonly unique: boolean;
}

/** Undefined when auto-naming is switched off. `seed` comes from the engine and stays the same from preview to update. */
export function makeName(
  logicalName: string,
  kind: AutoName,
  seed: Uint8Array,
  options: AutonamingOptions | undefined,
): MadeName | undefined {
  if (options?.mode === "disable") return undefined;
  if (options?.mode === "enforce" || (options?.mode === "propose" && kind !== "uuid")) return { name: options.proposedName, unique: true };
  if (kind === "copy") return { name: logicalName, unique: false };
  const hex = createHash("sha256").update(seed).update(logicalName).digest("hex");
  if (kind === "random") return { name: logicalName + hex.slice(0, 8), unique: true };
  // The version and variant digits of a random UUID (RFC 9562).
  const variant = "89ab"[Number.parseInt(hex[16]!, 16) % 4];
  return {
    name: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
    unique: true,
  };
}

/** Below the provider's namespace: one name → a resource of its own, several → under a parent. */
export function autoNameOf(path: string, given: AutoName | undefined): AutoName {
  if (given) return given;
  const below = (path.split("/providers/").at(-1) ?? path).replace("{subscriptionId}", "");
  return (below.match(/\{/g)?.length ?? 0) > 1 ? "copy" : "random";
}
