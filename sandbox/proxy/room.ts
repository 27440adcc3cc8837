// The proxy for clients with Azure's host names wired in: a CONNECT to one of those names ends at the sandbox, to any other nowhere.
// TLS goes through untouched: the fronts' certificate has Azure's names, signed by the sandbox's own authority.
import { createServer } from "node:http";
import { connect } from "node:net";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Room, SandboxContext } from "../core.ts";
import { azureFront, knownNames } from "../server/azure-names.ts";
import { listenOn } from "../server/listen.ts";
import { vaultsIn } from "./vaults.ts";

let server: Server | undefined;
const open = new Set<Duplex>();

export const room: Room = {
  name: "proxy",
  async start(sandbox) {
    server = createServer((_request, response) => {
      response.writeHead(501, { "content-type": "text/plain", connection: "close" });
      response.end("The sandbox's proxy takes CONNECT only: Azure is https everywhere.\n");
    });
    server.on("connect", (request, socket: Duplex, head: Buffer) => tunnel(sandbox, request.url ?? "", socket, head));
    server.on("clientError", (_error, socket) => socket.destroy());
    await listenOn(server, sandbox.ports.proxy);
  },
  stop() {
    server?.close();
    server?.closeAllConnections();
    for (const socket of open) socket.destroy();
  },
};

function tunnel(sandbox: SandboxContext, target: string, client: Duplex, head: Buffer): void {
  const port = portOf(sandbox, target);
  open.add(client);
  client.on("close", () => open.delete(client)).on("error", () => client.destroy());
  if (port === undefined) {
    const said = `The sandbox's proxy opens no connection to '${target}': it leads to the sandbox only, for ${knownNames}.\n`;
    const heads = ["HTTP/1.1 403 Forbidden", "content-type: text/plain", `content-length: ${Buffer.byteLength(said)}`, "connection: close"];
    client.end(`${heads.join("\r\n")}\r\n\r\n${said}`);
    sandbox.log("proxy", `refused ${target.slice(0, 200)}`);
    return;
  }
  const inside = connect({ host: "127.0.0.1", port, noDelay: true });
  inside.once("connect", () => {
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    inside.write(head);
    inside.pipe(client).pipe(inside);
  });
  inside.on("error", () => client.destroy()).on("close", () => client.destroy());
  client.on("close", () => inside.destroy());
}

/** The port of this machine behind `host:port`; undefined for whatever is not the sandbox's. */
function portOf(sandbox: SandboxContext, target: string): number | undefined {
  const [, host = "", port = ""] = /^([^:]+|\[::1\]):(\d+)$/.exec(target) ?? [];
  const { base, blob, scoring } = sandbox.ports;
  // Addresses that the sandbox itself gives out.
  if (/^(localhost|127\.0\.0\.1|\[::1\])$/i.test(host)) {
    const own = [base, blob, scoring, ...vaultsIn(sandbox).map((one) => one.port)];
    return own.includes(Number(port)) ? Number(port) : undefined;
  }
  const front = port === "443" ? azureFront(host) : undefined;
  if (front !== "vault") return front && { base, blob, scoring }[front];
  const vault = host.split(".")[0]!.toLowerCase();
  return vaultsIn(sandbox).find(({ name }) => name === vault)?.port;
}
