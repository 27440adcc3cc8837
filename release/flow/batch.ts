// Jobs of a stage's batch endpoint: what goes in, and what comes out.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { contentHash, uploadFiles } from "../../assets/index.ts";
import { type BatchEndpoint, type BatchInput, readBatchEndpoint } from "../../azure/batch.ts";
import { downloadFile, listFiles } from "../../azure/blobs.ts";
import { apiVersions } from "../../azure/ids.ts";
import { openUri } from "../../azure/models.ts";
import { uploadData } from "../../azure/uploads.ts";
import { CommandError, UsageError } from "../command.ts";
import { diskFiles } from "../files.ts";
import { outputUris } from "./release/evidence.ts";
import type { Workspace } from "./workspace.ts";

/** The stage's batch endpoint. @throws CommandError when it has none */
export async function batchEndpointOf(workspace: Workspace): Promise<BatchEndpoint> {
  const { stage, outputs } = workspace;
  const name = outputs["batchEndpointName"];
  if (typeof name !== "string")
    throw new CommandError(
      `stage ${stage} has no batch endpoint`,
      `pulumi config set --path azure-mlops:batch.enabled true --stack ${stage}, then pulumi up --stack ${stage} (docs/batch.md); of a model it also needs a modelVersion: mlops deploy`,
    );
  const endpoint = await readBatchEndpoint(workspace.azure, `${workspace.id}/batchEndpoints/${name}`);
  if (!endpoint) throw new CommandError(`batch endpoint ${name} is gone`, `pulumi up --stack ${stage} --refresh makes it again`);
  return endpoint;
}

/** Of what a failed job says of itself the part that names the reason: it quotes the end of its log, with tracebacks. */
export function reasonOf(error: string | undefined): string {
  const lines = (error ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const last = lines.at(-1) ?? "see its log";
  // What Python raised last: `ValueError: …`, `scoring_script.BadFile: …`.
  const raised = lines.slice(0, -1).findLast((line) => /^[\w.]*[A-Z]\w*: \S/.test(line));
  return raised ? `${last} ${raised}` : last;
}

/** Asset types as batch jobs call them. */
const types: Readonly<Record<string, "UriFile" | "UriFolder" | "MLTable">> = {
  uri_file: "UriFile",
  uri_folder: "UriFolder",
  mltable: "MLTable",
};

/** An input as somebody types it, before anything is sent. */
export interface TypedInput {
  readonly name: string;
  readonly value: string;
}

/** `data=folder`, or `folder` alone, which is called `data`. */
export function typedInput(text: string): TypedInput {
  const [, name = "data", value = text] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (value === "") throw new UsageError(`--input "${text}" says nothing; give a file, a folder, azureml:name:version or an address`);
  return { name, value };
}

const isAddress = (value: string): boolean => /^(azureml|https|abfss|wasbs):\/\//i.test(value);
const assetIn = (value: string): string[] | undefined => /^azureml:([\w.-]+)[:@]([\w.-]+)$/.exec(value)?.slice(1);

/** Refuses what cannot be meant. @throws UsageError */
export function checkInput(repo: string, { name, value }: TypedInput): void {
  if (isAddress(value) || assetIn(value)) return;
  if (!existsSync(resolve(repo, value)))
    throw new UsageError(
      `--input ${name}: ${value} is no file or folder here, and neither azureml:name:version nor an address (azureml://, https://, abfss://, wasbs://)`,
    );
}

/** What the job is given; a local file or folder is sent first, once for the same content. */
export async function batchInput(workspace: Workspace, repo: string, value: string, signal: AbortSignal): Promise<BatchInput> {
  if (isAddress(value)) return { jobInputType: value.endsWith("/") ? "UriFolder" : "UriFile", uri: value };
  const asset = assetIn(value);
  if (asset) return dataAsset(workspace, asset[0]!, asset[1]!);
  const files = diskFiles(repo);
  const path = resolve(repo, value);
  const list = uploadFiles(files, path);
  if (list.length === 0) throw new UsageError(`--input ${value} has no files`);
  const content = {
    hash: contentHash(files, list),
    files: list.map((file) => ({ path: file.name, read: () => readFileSync(file.localPath) })),
  };
  const folder = await uploadData(workspace.azure, workspace.id, content, { signal });
  return statSync(path).isDirectory()
    ? { jobInputType: "UriFolder", uri: `${folder}/` }
    : { jobInputType: "UriFile", uri: `${folder}/${list[0]!.name}` };
}

async function dataAsset({ azure, id, outputs }: Workspace, name: string, version: string): Promise<BatchInput> {
  const options = { apiVersion: apiVersions.machineLearning };
  const versions = `${id}/data/${name}/versions`;
  let wanted: string | undefined = version;
  if (version === "latest") {
    const query = { $orderBy: "createdtime desc", $top: "1" };
    wanted = (await azure.find<{ value: { name: string }[] }>(versions, { ...options, query }))?.value[0]?.name;
  }
  type Data = { properties: { dataType: string } };
  const found = wanted === undefined ? undefined : await azure.find<Data>(`${versions}/${wanted}`, options);
  if (!found) throw new CommandError(`workspace ${outputs.workspaceName} has no data ${name}:${version}`, "Its versions: az ml data list.");
  return { jobInputType: types[found.properties.dataType] ?? "UriFolder", uri: `${versions}/${wanted}` };
}

export interface OutputFile {
  readonly output: string;
  /** Where it lies here. */
  readonly path: string;
  readonly bytes: number;
  /** Lines that are not empty. */
  readonly lines: number;
}

/** Brings what the job has written to `folder`, an output a folder below. */
export async function downloadOutputs(workspace: Workspace, job: string, folder: string, signal: AbortSignal): Promise<OutputFile[]> {
  const brought: OutputFile[] = [];
  for (const [output, { uri }] of Object.entries(await outputUris(workspace, job, signal))) {
    const place = await openUri(workspace.azure, workspace.id, uri, signal);
    for (const { path, size } of await listFiles(place, signal)) {
      const target = join(folder, output, path);
      const bytes = await downloadFile(place, path, signal);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, bytes);
      const lines = bytes
        .toString("utf8")
        .split("\n")
        .filter((line) => line.trim() !== "").length;
      brought.push({ output, path: target, bytes: size, lines });
    }
  }
  return brought;
}
