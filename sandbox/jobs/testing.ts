// For tests of jobs: a workspace with a cluster and an empty environment in a real sandbox, and the calls that tests repeat.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ContainerClient } from "@azure/storage-blob";
import { testSandbox, workspaceIn, type Answer, type TestSandbox } from "../testing.ts";

export interface JobSandbox {
  readonly sandbox: TestSandbox;
  /** `/subscriptions/…/workspaces/w` */
  readonly workspace: string;
  put(path: string, properties: object): Promise<Answer>;
  /** Uploads files as a code version, as clients do; returns its id. */
  code(name: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** Submits a job; throws with the answer unless it was taken. */
  submit(name: string, properties: object): Promise<void>;
  job(name: string): Promise<Record<string, unknown>>;
  /** Waits until the job's status is one of these. */
  until(name: string, ...statuses: string[]): Promise<Record<string, unknown>>;
  details(run: string): Promise<{
    status: string;
    logFiles: Record<string, string>;
    error: { error: { code: string; message: string } } | null;
    outputs: Record<string, { assetId: string }>;
  }>;
  children(run: string): Promise<
    {
      runId: string;
      name: string;
      status: string;
      startTimeUtc: string;
      endTimeUtc: string;
      error: { error: { message: string } } | null;
    }[]
  >;
  /** Standard output and error of a run. */
  log(run: string): Promise<string>;
  /** A container of the workspace's storage, by a datastore's name. */
  store(datastore: string): Promise<ContainerClient>;
  text(datastore: string, path: string): Promise<string>;
}

export const cluster = (nodes: number): object => ({
  computeType: "AmlCompute",
  properties: { vmSize: "STANDARD_DS3_V2", scaleSettings: { maxNodeCount: nodes } },
});

export async function jobSandbox(nodes: number): Promise<JobSandbox> {
  const sandbox = await testSandbox();
  const workspace = await workspaceIn(sandbox, "jobs");
  const api = "api-version=2024-01-01-preview";
  const kit: JobSandbox = {
    sandbox,
    workspace,
    put: async (path, properties) => await sandbox.call("PUT", `${workspace}/${path}?${api}`, { location: "westeurope", properties }),
    async code(name, files) {
      const id = `${workspace}/codes/${name}/versions/1`;
      const pending = await sandbox.call("POST", `${id}/startPendingUpload?api-version=2023-04-01`, {
        pendingUploadType: "TemporaryBlobReference",
      });
      const { blobUri, credential } = (pending.body as { blobReferenceForConsumption: { blobUri: string; credential: { sasUri: string } } })
        .blobReferenceForConsumption;
      const container = new ContainerClient(credential.sasUri);
      for (const [file, text] of Object.entries(files)) await container.getBlockBlobClient(file).upload(text, Buffer.byteLength(text));
      const answer = await kit.put(`codes/${name}/versions/1`, { codeUri: blobUri });
      if (answer.status > 201) throw new Error(JSON.stringify(answer.body));
      return id;
    },
    async submit(name, properties) {
      const answer = await kit.put(`jobs/${name}`, properties);
      if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    },
    job: async (name) =>
      ((await sandbox.call("GET", `${workspace}/jobs/${name}?${api}`)).body as { properties: Record<string, unknown> }).properties,
    async until(name, ...statuses) {
      for (let attempt = 0; attempt < 600; attempt++) {
        const properties = await kit.job(name);
        if (statuses.includes(String(properties["status"]))) return properties;
        if (["Completed", "Failed", "Canceled"].includes(String(properties["status"])))
          throw new Error(
            `job ${name} is ${String(properties["status"])}: ${JSON.stringify((await kit.details(name)).error?.error)} ${await kit.log(name)}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`job ${name} did not become ${statuses.join(" or ")}`);
    },
    details: async (run) => (await sandbox.call("GET", `/history/v1.0${workspace}/runs/${run}/details`)).body,
    children: async (run) => ((await sandbox.call("GET", `/history/v1.0${workspace}/runs/${run}/children`)).body as { value: [] }).value,
    async log(run) {
      const url = (await kit.details(run)).logFiles["user_logs/std_log.txt"];
      return url ? await (await fetch(url)).text() : "";
    },
    async store(datastore) {
      const { accountName, containerName } = (
        (await sandbox.call("GET", `${workspace}/datastores/${datastore}`)).body as {
          properties: { accountName: string; containerName: string };
        }
      ).properties;
      const { sasToken, key } = (await sandbox.call("POST", `${workspace}/datastores/${datastore}/listSecrets`, {})).body as {
        sasToken?: string;
        key?: string;
      };
      const url = `https://localhost:${sandbox.info.blobPort}/${accountName}/${containerName}`;
      if (sasToken) return new ContainerClient(`${url}?${sasToken.replace(/^\?/, "")}`);
      const { StorageSharedKeyCredential } = await import("@azure/storage-blob");
      return new ContainerClient(url, new StorageSharedKeyCredential(accountName, key!));
    },
    text: async (datastore, path) => (await (await kit.store(datastore)).getBlobClient(path).downloadToBuffer()).toString(),
  };
  for (const [path, properties] of [
    ["computes/cpu-cluster", cluster(nodes)],
    ["environments/empty/versions/1", { image: "python:3.11", condaFile: "dependencies: []" }],
  ] as const) {
    const answer = await kit.put(path, properties);
    if (answer.status > 201) throw new Error(JSON.stringify(answer.body));
  }
  return kit;
}

/** A command job's body. */
export const commandJob = (command: string, more: object = {}): object => ({
  jobType: "Command",
  command,
  environmentId: "azureml:empty:1",
  computeId: "cpu-cluster",
  experimentName: "tests",
  ...more,
});

/** Processes of this machine whose environment has the text (Linux). */
export function processesWith(text: string): number[] {
  if (!existsSync("/proc")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(join("/proc", name, "environ"), "latin1").includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}
