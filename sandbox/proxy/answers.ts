// What comes through the proxy is answered with Azure's own addresses: a client that believes to be at Azure looks at their form
// (azureml-mlflow downloads from `*.blob.core.windows.net` only), and they lead back here by the same proxy.
import type { MiddlewareHandler } from "hono";
import type { SandboxContext } from "../core.ts";
import { azureFront } from "../server/azure-names.ts";
import { vaultsIn } from "./vaults.ts";

/** For the front of Resource Manager and Azure ML's services; answers to the sandbox's own names stay as they are. */
export function azureAnswers(sandbox: SandboxContext): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (!azureFront(c.req.header("host")) || !/json/.test(c.res.headers.get("content-type") ?? "")) return;
    const text = withAzureNames(await c.res.text(), sandbox);
    const headers = new Headers(c.res.headers);
    headers.delete("content-length");
    c.res = new Response(text, { status: c.res.status, headers });
  };
}

/** The text with the addresses of the sandbox's fronts written as Azure's. */
export function withAzureNames(text: string, sandbox: SandboxContext): string {
  const { base, blob, scoring } = sandbox.ports;
  const rules: [RegExp, string][] = [
    [new RegExp(`\\.blob\\.core\\.sandbox@localhost:${blob}`, "g"), ".blob.core.windows.net"],
    [new RegExp(`https://localhost:${blob}/([a-z0-9]{3,24})`, "g"), "https://$1.blob.core.windows.net"],
    [new RegExp(`https://localhost:${scoring}/([a-z0-9]+)/([a-z0-9-]+)`, "gi"), "https://$2.$1.inference.ml.azure.com"],
    [new RegExp(`https://localhost:${base}/eventgrid/topics/([a-z0-9.-]+)`, "gi"), "https://$1.eventgrid.azure.net"],
    [new RegExp(`(https|azureml)://localhost:${base}`, "g"), "$1://westeurope.api.azureml.ms"],
    ...vaultsIn(sandbox).map(({ name, port }): [RegExp, string] => [
      new RegExp(`https://localhost:${port}`, "g"),
      `https://${name}.vault.azure.net`,
    ]),
  ];
  return rules.reduce((now, [pattern, address]) => now.replace(pattern, address), text);
}
