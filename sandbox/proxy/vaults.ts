// Each vault listens on a port of its own; Azure gives each a name of its own.
import type { SandboxContext } from "../core.ts";

export const vaultsIn = (sandbox: SandboxContext): { name: string; port: number }[] =>
  sandbox.resources.all("Microsoft.KeyVault/vaults").map(({ name, properties }) => ({
    name: name.toLowerCase(),
    port: Number(/:(\d+)/.exec(String(properties["vaultUri"]))?.[1]),
  }));
