// `mlops setup`: what `npm start` and `npm test` set up first, by itself, for pipelines and fresh machines.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { toolchain } from "../../tools/setup/toolchain.ts";
import { runSteps } from "../../tools/setup/step.ts";
import type { Command } from "../command.ts";

export const setup: Command = {
  name: "setup",
  summary: "set this machine up: Pulumi CLI, uv, Python environment",
  details:
    "Finds everything there and does nothing the second time. In GitHub Actions and Azure Pipelines later steps then find `pulumi` and `mlops` on PATH.",
  examples: ["npx mlops setup"],
  async run(call) {
    await runSteps(toolchain, (line) => call.out.progress(line));
    const dirs = [join(call.repo, "node_modules", ".bin"), join(call.repo, ".tools", "bin")];
    // Whichever pipeline this is has its own way to change later steps' PATH.
    if (process.env.GITHUB_PATH) for (const dir of dirs) appendFileSync(process.env.GITHUB_PATH, `${dir}\n`);
    if (process.env.TF_BUILD) for (const dir of dirs) process.stdout.write(`##vso[task.prependpath]${dir}\n`);
    call.out.print("set up");
    call.out.result({ path: dirs });
  },
};
