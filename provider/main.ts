// Starts the provider: prints the port that it serves on, as Pulumi's plugins do.
import { enableCompileCache, flushCompileCache } from "node:module";

enableCompileCache();
const { serve } = await import("./server.ts");
const { kinds } = await import("./kinds.ts");

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const { port, stop } = await serve(kinds, engineAddress, "0.1.0");
process.stdout.write(`${port}\n`);
// Node itself writes it only at an orderly end, which a plugin seldom has.
flushCompileCache();

// Pulumi ends its plugins when it ends itself, but not when it is killed; then a rollout would go on with no one to record it.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid !== engine) void stop().then(() => process.exit(1));
}, 1_000).unref();
