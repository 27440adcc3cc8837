// Each vault answers at an address of its own, as in Azure (`https://name.vault.azure.net`): here a port of its own on this machine.
import type { Server } from "node:https";
import { resourceKey } from "../state/resources.ts";
import type { SandboxContext } from "../core.ts";
import { freePort } from "../server/ports.ts";
import { listen } from "../server/http.ts";
import { vaultApp } from "./http.ts";

interface Listening {
  readonly server: Server;
  readonly port: number;
}

const listening = new WeakMap<SandboxContext, Map<string, Promise<Listening>>>();

function own(sandbox: SandboxContext): Map<string, Promise<Listening>> {
  const there = listening.get(sandbox);
  if (there) return there;
  sandbox.db.exec("CREATE TABLE IF NOT EXISTS vault_ports (vault TEXT PRIMARY KEY, port INTEGER NOT NULL UNIQUE)");
  const made = new Map<string, Promise<Listening>>();
  listening.set(sandbox, made);
  return made;
}

/** The address of a vault, `https://localhost:PORT/`, where it answers from here on; its port is kept. */
export async function openVault(sandbox: SandboxContext, vaultId: string): Promise<string> {
  const open = own(sandbox);
  const vault = resourceKey(vaultId);
  const there = open.get(vault) ?? begin(sandbox, vault);
  open.set(vault, there);
  try {
    return `https://localhost:${(await there).port}/`;
  } catch (error) {
    open.delete(vault);
    throw error;
  }
}

async function begin(sandbox: SandboxContext, vault: string): Promise<Listening> {
  const port = await portOf(sandbox, vault);
  const server = await listen(
    vaultApp(sandbox, vault, `https://localhost:${port}`),
    sandbox.tls,
    port,
    sandbox.faults.own,
    ({ method, url }) => ({
      service: "vault",
      method: method ?? "GET",
      path: (url ?? "/").split("?")[0]!,
    }),
  );
  return { server, port };
}

async function portOf(sandbox: SandboxContext, vault: string): Promise<number> {
  const kept = sandbox.db.prepare("SELECT port FROM vault_ports WHERE vault = ?").get(vault) as { port: number } | undefined;
  if (kept) return kept.port;
  const taken = sandbox.db.prepare("SELECT port FROM vault_ports").all() as unknown as { port: number }[];
  const port = await freePort([...Object.values(sandbox.ports), ...taken.map((one) => one.port)]);
  sandbox.db.prepare("INSERT INTO vault_ports (vault, port) VALUES (?, ?)").run(vault, port);
  return port;
}

/** The vault is gone: nobody answers there. The port stays its own, for the case that it is recovered. */
export async function closeVault(sandbox: SandboxContext, vaultId: string): Promise<void> {
  const open = own(sandbox);
  const there = open.get(resourceKey(vaultId));
  open.delete(resourceKey(vaultId));
  const { server } = (await there) ?? {};
  server?.close();
  server?.closeAllConnections();
}

export async function closeAll(sandbox: SandboxContext): Promise<void> {
  await Promise.all([...own(sandbox).keys()].map((vault) => closeVault(sandbox, vault)));
}
