// `mlops migrate`: the deployment files of CLI v1 (azure-cli-ml) as an endpoint and a deployment of v2.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stringify } from "yaml";
import { formatProblem, ProblemsError, readAsset, type Noun } from "../../assets/index.ts";
import { migrate as migrateFiles, type Migrated } from "../../assets/v1/migrate.ts";
import { type Call, type Command, option, UsageError } from "../command.ts";
import { diskFiles } from "../files.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "turn deployment files of az ml v1 (inferenceConfig, aci- and aksDeploymentConfig) into those of v2",
  details:
    "Writes endpoint.yml and blue-deployment.yml, and says what has no counterpart. Container Instances, which Azure retired, become a managed " +
    "endpoint; AKS becomes a Kubernetes endpoint. Existing files are kept unless --force is given. Sends nothing.",
  examples: [
    "npx mlops migrate config/inferenceConfig.yml config/aciDeploymentConfig.yml --model azureml:diabetes:3",
    "npx mlops migrate inferenceConfig.yml aksDeploymentConfig.yml --out project/deploy --endpoint diabetes",
  ],
  arguments: [{ name: "<file...>", description: "an inference configuration, a deployment configuration, or both" }],
  options: [
    { flags: "--out <folder>", description: "where the files go", default: "deploy" },
    { flags: "--endpoint <name>", description: "name of the endpoint", default: "endpoint" },
    { flags: "--model <reference>", description: "azureml:name:version of the model", default: "azureml:model@latest" },
    { flags: "--force", description: "overwrite files that are there" },
  ],
  async run(call) {
    const out = option(call, "out") ?? "deploy";
    const migrated = read(call, out);
    const documents = [
      { path: join(out, "endpoint.yml"), noun: "onlineEndpoint", document: migrated.endpoint },
      { path: join(out, "blue-deployment.yml"), noun: "onlineDeployment", document: migrated.deployment },
    ] as const satisfies readonly { path: string; noun: Noun; document: unknown }[];
    const there = documents.filter(({ path }) => existsSync(path)).map(({ path }) => path);
    if (there.length > 0 && call.options["force"] !== true)
      throw new UsageError(
        `${there.join(" and ")} exist${there.length === 1 ? "s" : ""} already. Fix: --force overwrites, --out names another folder`,
      );
    mkdirSync(out, { recursive: true });
    const from = call.args.map((path) => relative(out, path)).join(" and ");
    for (const { path, document } of documents)
      writeFileSync(path, `# Made by mlops migrate of ${from}\n${stringify(document, { lineWidth: 0 })}`);
    // Read back as `az ml` would: what is still missing is told now and not by Azure.
    const readBack = await Promise.all(documents.map(({ path, noun }) => readAsset(path, diskFiles(), { kind: noun })));
    const todo = readBack.flatMap((result) => (result.ok ? [] : result.problems.map(formatProblem)));
    for (const { path } of documents) call.out.print(`wrote ${path}`);
    for (const note of migrated.notes) call.out.print(`note: ${note}`);
    for (const problem of todo) call.out.print(`to do: ${problem}`);
    call.out.result({ kind: migrated.kind, files: documents.map(({ path }) => path), notes: migrated.notes, todo });
  },
};

function read(call: Call, out: string): Migrated {
  try {
    return migrateFiles(call.args, diskFiles(), {
      endpoint: option(call, "endpoint") ?? "endpoint",
      model: option(call, "model") ?? "azureml:model@latest",
      out,
    });
  } catch (error) {
    if (error instanceof ProblemsError) throw new UsageError(error.problems.map(formatProblem).join("\n"));
    throw error;
  }
}
