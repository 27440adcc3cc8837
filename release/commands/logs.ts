// `mlops logs`: what the containers of a stage's deployment wrote.
import { type Command, CommandError, option, UsageError } from "../command.ts";
import { containerLogs, readEndpoint } from "../flow/endpoint.ts";
import { open, stageOptions } from "../open.ts";

export const logs: Command = {
  name: "logs",
  summary: "show what a deployment's containers wrote",
  examples: ["npx mlops logs --stage dev", "npx mlops logs --stage prod --deployment green --lines 500"],
  options: [
    ...stageOptions,
    { flags: "--deployment <slot>", description: "default: the one with most traffic" },
    { flags: "--lines <number>", description: "how many of the last lines", default: "100" },
    {
      flags: "--container <type>",
      description: "which container",
      choices: ["InferenceServer", "StorageInitializer"],
      default: "InferenceServer",
    },
  ],
  async run(call) {
    const lines = Number(option(call, "lines"));
    if (!Number.isInteger(lines) || lines < 1)
      throw new UsageError(`--lines is "${option(call, "lines")}"; it must be a whole number from 1`);
    const { workspace } = await open(call);
    const state = await readEndpoint(workspace);
    const busiest = state.deployments.toSorted((a, b) => (state.traffic[b.name] ?? 0) - (state.traffic[a.name] ?? 0))[0]?.name;
    const deployment = option(call, "deployment") ?? busiest;
    if (!deployment) throw new CommandError(`endpoint ${state.name} has no deployment`);
    const content = await containerLogs(workspace, deployment, lines, option(call, "container") ?? "InferenceServer");
    call.out.print(content.trimEnd());
    call.out.result({ endpoint: state.name, deployment, content });
  },
};
