// Starts the provider: prints the port that it serves on, as Pulumi's plugins do.
import { enableCompileCache } from "node:module";

enableCompileCache();
const { serve } = await import("./server.ts");
const { kinds } = await import("./kinds.ts");

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const { port } = await serve(kinds, engineAddress, "0.1.0");
process.stdout.write(`${port}\n`);
