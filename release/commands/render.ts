// `mlops render`: what the Azure Machine Learning REST API would get for `az ml` YAML files. Sends nothing.
import { formatProblem, isKindOrNoun, NOUNS, renderFiles } from "../../assets/index.ts";
import { type Command, option, optionList, UsageError } from "../command.ts";
import { diskFiles } from "../files.ts";

export const render: Command = {
  name: "render",
  summary: "print the Azure request of az ml YAML files, one JSON line a file; sends nothing",
  details: [
    'Each line is {"path","kind","name","version","body"}: the body that the official Python SDK would send for the file, with local',
    "paths and `azureml:name:version` references as they stand in it. The version is the file's own; environments and components without",
    "one get theirs from the content. What is wrong with the files goes to standard error, all of it at once, as",
    "file:line:column: field = value: rule. Fix: …; then the exit code is 2.",
  ].join("\n"),
  examples: [
    "mlops render project/mlops/pipeline.yml  # the job, ready to read",
    "mlops render project/deploy/*.yml --set instance_count=2  # as `az ml … create --set`",
    "mlops render job.yml --kind job | jq .body.properties.inputs  # a file without $schema",
  ],
  arguments: [{ name: "<file...>", description: "az ml v2 YAML files" }],
  options: [
    { flags: "--set <path=value>", description: "override a field, as in az ml: --set inputs.rate=0.1", repeatable: true },
    { flags: "--kind <kind>", description: "what the files are, where they do not say: job, component, environment, commandJob, …" },
  ],
  async run(call) {
    const kind = option(call, "kind");
    if (kind !== undefined && !isKindOrNoun(kind))
      throw new UsageError(`--kind ${kind}: no such kind; it must be one of ${NOUNS.join(", ")}`);
    const { lines, problems } = await renderFiles(call.args, optionList(call, "set"), diskFiles(), kind);
    // The result is JSON lines with and without --json.
    for (const line of lines) process.stdout.write(`${line}\n`);
    if (problems.length > 0)
      throw new UsageError(`${problems.length} problem${problems.length === 1 ? "" : "s"}\n${problems.map(formatProblem).join("\n")}`);
  },
};
