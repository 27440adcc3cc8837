// 200 online deployments, each with an inference server of its own, on ten endpoints: made, all called, and gone with their endpoints.
import { median, percentile, type Figure } from "../figures.ts";
import { inParallel, residentMegabytes, Target, timed } from "./target.ts";
import { workspace } from "./workspace.ts";

const PER_ENDPOINT = 20;
const score = `
import json

def init():
    pass

def run(data):
    return json.loads(data)
`;

export async function manyDeployments(count: number, report: (line: string) => void): Promise<Figure[]> {
  const target = await Target.start(16);
  try {
    const id = await workspace(target, "serve");
    const location = "westeurope";
    const codeId = await code(target, id);
    const environmentId = `${id}/environments/server/versions/1`;
    const conda = JSON.stringify({ dependencies: ["python=3.11", { pip: ["azureml-inference-server-http"] }] });
    await target.must("PUT", environmentId, {
      properties: { image: "mcr.microsoft.com/azureml/minimal-ubuntu22.04-py310-cpu-inference", condaFile: conda },
    });
    const endpoints = Array.from({ length: Math.ceil(count / PER_ENDPOINT) }, (_, index) => `${id}/onlineEndpoints/load-${index}`);
    await inParallel(endpoints.length, 4, async (index) => {
      const body = { location, identity: { type: "SystemAssigned" }, properties: { authMode: "Key" } };
      await target.ended(await target.must("PUT", endpoints[index]!, body));
    });
    const deployment = (index: number): string => `${endpoints[index % endpoints.length]}/deployments/slot-${index}`;
    const properties = {
      endpointComputeType: "Managed",
      instanceType: "Standard_DS2_v2",
      environmentId,
      codeConfiguration: { codeId, scoringScript: "score.py" },
    };
    const make = async (index: number): Promise<void> => {
      const end = await target.ended(
        await target.must("PUT", deployment(index), { location, sku: { name: "Default", capacity: 1 }, properties }),
      );
      if (end.status !== "Succeeded") throw new Error(`deployment ${index} ended ${end.status}: ${end.error?.message}`);
      if (index % 20 === 19) report(`${index + 1} deployments`);
    };
    // The region's quota: two instances of two cores for each, the reserve with it.
    const region = `${target.subscription}/providers/Microsoft.MachineLearningServices/locations/${location}`;
    await target.must("POST", `${region}/updateQuotas`, { value: [{ limit: 10 * count }] });
    // The first one builds the environment.
    await make(0);
    const [took] = await timed(async () => await inParallel(count - 1, 2, async (index) => await make(index + 1)));
    const times: number[] = [];
    const keys = await Promise.all(
      endpoints.map(
        async (one) => (JSON.parse((await target.must("POST", `${one}/listKeys`, {})).text) as { primaryKey: string }).primaryKey,
      ),
    );
    await inParallel(count, 8, async (index) => {
      const at = index % endpoints.length;
      const headers = {
        authorization: `Bearer ${keys[at]}`,
        "content-type": "application/json",
        "azureml-model-deployment": `slot-${index}`,
      };
      const reply = await target.send("POST", target.info.scoringPort, `/${location}/load-${at}/score`, `[${index}]`, headers);
      if (reply.status !== 200 || reply.text !== `[${index}]`)
        throw new Error(`deployment ${index} answered ${reply.status} ${reply.text.slice(0, 200)}`);
      times.push(reply.milliseconds);
    });
    const { main } = residentMegabytes(target.info.pid);
    report(`all of ${count} answer, median ${median(times).toFixed(0)} ms; the sandbox itself ${main.toFixed(0)} MB`);
    const [gone] = await timed(async () => {
      await inParallel(endpoints.length, 4, async (index) => {
        const end = await target.ended(await target.must("DELETE", endpoints[index]!));
        if (end.status !== "Succeeded") throw new Error(`deleting endpoint ${index} ended ${end.status}: ${end.error?.message}`);
      });
    });
    const how = `${endpoints.length} endpoints with ${PER_ENDPOINT} deployments each, two made at a time, every one called by name`;
    return [
      { name: `${count} deployments: making one, its server started and healthy`, value: took / (count - 1) / 1000, unit: "s", how },
      { name: `${count} deployments, one call of each: p99`, value: percentile(times, 0.99), unit: "ms", atMost: 1000, how },
      { name: `memory of the sandbox itself with ${count} deployments`, value: main, unit: "MB", atMost: 400, how },
      { name: `${count} deployments: deleted with their endpoints`, value: gone / 1000, unit: "s", atMost: 60, how },
    ];
  } finally {
    await target.stop();
  }
}

/** Uploads the scoring script; id of its code version. */
async function code(target: Target, workspaceId: string): Promise<string> {
  const id = `${workspaceId}/codes/load/versions/1`;
  const asked = await target.must("POST", `${id}/startPendingUpload`, { pendingUploadType: "TemporaryBlobReference" });
  const { blobReferenceForConsumption: place } = JSON.parse(asked.text) as {
    blobReferenceForConsumption: { blobUri: string; credential: { sasUri: string } };
  };
  const signed = new URL(place.credential.sasUri);
  const path = `${signed.pathname}/score.py${signed.search}`;
  const sent = await target.send("PUT", target.info.blobPort, path, score, { "x-ms-blob-type": "BlockBlob", "x-ms-version": "2023-11-03" });
  if (sent.status !== 201) throw new Error(`upload: ${sent.status} ${sent.text}`);
  await target.must("PUT", id, { properties: { codeUri: place.blobUri } });
  return id;
}
