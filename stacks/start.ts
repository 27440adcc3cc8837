// Runs before everything else of the program: what makes a preview cheap. Measured, see docs/decisions/program.md.
import { enableCompileCache } from "node:module";
import { Resource, runtime } from "@pulumi/pulumi";

// Done already by stacks/preload.cjs (Pulumi.yaml, nodeargs), except under old language hosts, which do not know nodeargs.
enableCompileCache();

// The place in the source that Pulumi keeps with each resource takes a whole stack trace to find. MLOPS_STACK=1 keeps it.
if (!process.env["MLOPS_STACK"]) {
  Error.stackTraceLimit = 0;
  (Resource as unknown as { stackTrace: () => unknown[] }).stackTrace = () => [];
}

// azure-native gives each resource an alias for each of its old API versions (30 of them for a deployment), for programs that once
// used those. This one never did. Aliases for renames within this program stay.
const apiVersionAlias = (alias: unknown): boolean =>
  typeof alias === "object" && alias !== null && Object.keys(alias).length === 1 && String((alias as { type?: unknown }).type).startsWith("azure-native:");

runtime.registerStackTransformation(({ props, opts }) => {
  if (!opts.aliases || !Array.isArray(opts.aliases)) return undefined;
  return { props, opts: { ...opts, aliases: opts.aliases.filter((alias) => !apiVersionAlias(alias)) } };
});
