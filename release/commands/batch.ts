// `mlops batch invoke`: scores files with a stage's batch endpoint, follows the job and brings its outputs here.
import { join, relative, resolve } from "node:path";
import { type BatchInput, startBatchJob } from "../../azure/batch.ts";
import { type Command, CommandError, option, optionList, UsageError } from "../command.ts";
import { batchEndpointOf, batchInput, checkInput, downloadOutputs, reasonOf, typedInput } from "../flow/batch.ts";
import { followJob } from "../flow/follow.ts";
import { open, stageOptions } from "../open.ts";

export const batchInvoke: Command = {
  name: "batch invoke",
  summary: "score files with a stage's batch endpoint: start the job, follow it, bring its outputs here",
  details:
    "An input is a file or folder of this machine (sent once for the same content), a data asset (azureml:name:version) or an address. A model takes one; the inputs of a " +
    "pipeline component are given by name. The job goes to the default deployment unless --deployment names one. Ctrl-C leaves it running and says how to go on. " +
    "Exit code 1 when the job fails, as when more files fail than error_threshold of the deployment allows; nothing is brought here then.",
  examples: [
    "npx mlops batch invoke --stage dev --input patients/",
    "npx mlops batch invoke --stage prod --input azureml:patients:3 --out scores",
    "npx mlops batch invoke --input raw=azureml:patients:3 --literal month=2026-05   # a pipeline component",
    "npx mlops batch invoke --job batchjob-5d1c --stage prod                         # follow one that is under way",
  ],
  options: [
    ...stageOptions,
    { flags: "--input <[name=]data>", description: "a file, folder, azureml:name:version or address; name: data", repeatable: true },
    { flags: "--literal <name=value>", description: "an input that is a value", repeatable: true },
    { flags: "--deployment <slot>", description: "this deployment, whichever is the default" },
    { flags: "--job <name>", description: "follow this job instead of starting one" },
    { flags: "--no-wait", description: "start it, print its name and end" },
    { flags: "--out <folder>", description: "where the outputs go; default: batch/<job>" },
  ],
  async run(call) {
    const inputs = optionList(call, "input").map(typedInput);
    const literals = optionList(call, "literal").map(literal);
    const given = option(call, "job");
    if (given === undefined && inputs.length + literals.length === 0) throw new UsageError("nothing to score: --input is missing");
    if (given !== undefined && inputs.length + literals.length > 0)
      throw new UsageError("--job follows a job that has its inputs; give either");
    const names = [...inputs, ...literals].map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice) throw new UsageError(`input ${twice} is given twice; inputs are told apart by name: --input NAME=…`);
    for (const input of inputs) checkInput(call.repo, input);

    const { stage, workspace } = await open(call);
    const endpoint = await batchEndpointOf(workspace);
    const start = async (): Promise<string> => {
      const deployment = option(call, "deployment");
      const asked: Record<string, BatchInput> = {};
      for (const { name, value } of inputs) asked[name] = await batchInput(workspace, call.repo, value, call.signal);
      for (const { name, value } of literals) asked[name] = { jobInputType: "Literal", value };
      return startBatchJob(workspace.azure, endpoint, asked, { ...(deployment ? { deployment } : {}), signal: call.signal });
    };
    const job = given ?? (await start());
    const again = `npx mlops batch invoke --stage ${stage} --job ${job}`;
    if (given === undefined)
      call.out.progress(
        `batch  job ${job} on ${endpoint.name}, deployment ${option(call, "deployment") ?? endpoint.properties.defaults?.deploymentName ?? "?"}`,
      );
    if (call.options["wait"] === false) {
      call.out.print(`job ${job} runs; follow it: ${again}`);
      call.out.result({ stage, endpoint: endpoint.name, job, status: "Running" });
      return;
    }

    const interrupted = (error: unknown): unknown =>
      call.signal.aborted
        ? new CommandError(
            "interrupted",
            `Job ${job} goes on. Follow it and get its outputs: ${again}. Cancel it: npx mlops cancel ${job} --stage ${stage}.`,
          )
        : error;
    try {
      const label = (step: string | undefined): string => (step ?? "job").padEnd(12);
      const end = await followJob(workspace, job, {
        signal: call.signal,
        onLine: (step, line) => call.out.progress(`  ${label(step)} │ ${line}`),
        onStatus: (step, status, seconds) =>
          call.out.progress(`batch  ${label(step)} ${status}${seconds === undefined ? "" : `, ${seconds.toFixed(1)} s`}`),
      });
      if (end.status !== "Completed")
        throw new CommandError(
          `job ${job} ended ${end.status}: ${reasonOf(end.error)}`,
          "The lines above say which files failed. Nothing was brought here; mend the files and invoke again.",
        );
      const folder = resolve(call.repo, option(call, "out") ?? join("batch", job));
      const files = await downloadOutputs(workspace, job, folder, call.signal);
      for (const { path, lines, bytes } of files) call.out.print(`${relative(call.repo, path)}  ${lines} lines, ${bytes} bytes`);
      if (files.length === 0) call.out.print(`job ${job} completed; it has left no files`);
      call.out.result({ stage, endpoint: endpoint.name, job, status: end.status, files });
    } catch (error) {
      throw interrupted(error);
    }
  },
};

function literal(text: string): { name: string; value: string } {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`--literal is "${text}"; it must be name=value`);
  return { name, value };
}
