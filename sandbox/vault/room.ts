// Vaults answer again after a restart, where they answered before.
import type { Room, SandboxContext } from "../core.ts";
import { closeAll, openVault } from "./listeners.ts";

let running: SandboxContext | undefined;

export const room: Room = {
  name: "vault",
  async start(sandbox) {
    running = sandbox;
    await Promise.all(sandbox.resources.all("Microsoft.KeyVault/vaults").map(({ id }) => openVault(sandbox, id)));
  },
  stop: async () => running && (await closeAll(running)),
};
