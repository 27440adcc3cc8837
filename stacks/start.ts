// Runs before everything else of the program: what makes a preview cheap. Measured, see docs/decisions/program.md.
import { createRequire, enableCompileCache } from "node:module";
import { Resource, runtime } from "@pulumi/pulumi";

// Done already by stacks/preload.cjs (Pulumi.yaml, nodeargs), except under old language hosts, which do not know nodeargs.
enableCompileCache();

// MLOPS_DEBUG=1 keeps what is only for debugging the program itself:
if (!process.env["MLOPS_DEBUG"]) {
  // the place in the source of each resource, for which the SDK takes a whole stack trace through source maps,
  Error.stackTraceLimit = 0;
  (Resource as unknown as { stackTrace: () => unknown[] }).stackTrace = () => [];
  // and the SDK's debug messages, several for each resource, each a call to the engine that the next one waits for.
  const log = createRequire(import.meta.url)("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = () => Promise.resolve();
}

// azure-native gives each resource an alias for each of its old API versions (30 of them for a deployment), for programs that once
// used those. This one never did. Aliases for renames within this program stay.
const apiVersionAlias = (alias: unknown): boolean =>
  typeof alias === "object" &&
  alias !== null &&
  Object.keys(alias).length === 1 &&
  String((alias as { type?: unknown }).type).startsWith("azure-native:");

runtime.registerStackTransformation(({ props, opts }) => {
  if (!opts.aliases || !Array.isArray(opts.aliases)) return undefined;
  return { props, opts: { ...opts, aliases: opts.aliases.filter((alias) => !apiVersionAlias(alias)) } };
});
