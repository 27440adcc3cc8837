// Days on which prod is asked for what it must not do, or has done already.
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { expect } from "@jest/globals";
import { findModel } from "../../azure/models.ts";
import { json, refused, succeeded } from "../ran.ts";
import { manifest, registry } from "./beforeQa.ts";
import type { Day } from "./day.ts";
import { atRest, endpointNow, shown, stageNow } from "./look.ts";
import type { Scene } from "./scene.ts";
import { troubled } from "./scoring.ts";

const approved = async (scene: Scene): Promise<void> =>
  void succeeded(await scene.ann.mlops("approve", "--release", "diabetes-1", "--yes"));

export const prodDays: readonly Day[] = [
  {
    name: "the registry's bytes are not those that qa tested: nothing is deployed, to plain pulumi prod is closed as well",
    start: "tested",
    async run(scene) {
      await approved(scene);
      await tamper(scene);
      refused(await scene.deploy("prod", "diabetes-1"), /prod would serve other bytes than release diabetes-1: MLmodel/);
      expect(await shown(scene, "diabetes-1")).toMatch(/prod\s+receipt NO: registry/);
      expect(await stageNow(scene, "prod")).toMatchObject({ plan: null, pending: null });
      expect(await endpointNow(scene, "prod")).toBeUndefined();
      for (const [key, value] of Object.entries({ modelVersion: "1", release: "diabetes-1", releaseDigest: manifest(scene).digest }))
        await scene.set("prod", key, value);
      refused(await scene.up("prod"), /prod may not serve model version 1/);
    },
  },
  {
    name: "prod's first release ever gets healthy and answers with errors: nothing serves, as before; mended, the same command completes",
    start: "tested",
    async run(scene) {
      await approved(scene);
      const scoring = troubled(scene);
      scoring.begins("error");
      await scene.set("prod", "rollout.readySeconds", "3");
      refused(
        await scene.deploy("prod", "diabetes-1"),
        /diabetes-1 failed in prod[^]*blue gives no good answer within 3 s[^]*nothing serves prod, as before/,
      );
      expect(await stageNow(scene, "prod")).toMatchObject({ plan: null, pending: null });
      expect(await endpointNow(scene, "prod")).toBeUndefined();
      scoring.ends();
      expect(json(await scene.deploy("prod", "diabetes-1"))).toMatchObject({ changed: true, endpoint: { traffic: { blue: 100 } } });
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1" } });
    },
  },
  {
    name: "the release is live already: nothing changes, and it is said so; there is nothing to go back to",
    start: "live",
    looksOnly: true,
    async run(scene) {
      const again = succeeded(await scene.mlops("deploy", "--stage", "prod", "--release", "diabetes-1"));
      expect(again.stderr).toMatch(/diabetes-1 serves in prod already; nothing changes/);
      expect(again.stdout).toMatch(/diabetes-1 served prod already; nothing changed/);
      expect(again.stderr).not.toMatch(/pulumi up/);
      refused(await scene.mlops("rollback", "--reason", "just because"), /prod has nothing to go back to: only diabetes-1 is there/);
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1" } });
    },
  },
  {
    name: "rollback where nothing serves: refused, and said what to do",
    start: "tested",
    looksOnly: true,
    run: async (scene) =>
      refused(await scene.mlops("rollback", "--reason", "just because"), /prod has nothing to go back to: nothing serves/),
  },
  {
    name: "the kept slot does not answer: rollback is refused, what serves goes on serving",
    start: "live",
    async run(scene) {
      const scoring = troubled(scene);
      succeeded(await scene.deploy("prod", "diabetes-2"));
      succeeded(await scene.mlops("rollback", "--reason", "answers are off"));
      scoring.begins("error");
      refused(await scene.mlops("rollback", "--reason", "it was not"), /slot green, which was kept, answers 424[^]*Nothing was changed/);
      await atRest(scene, "prod", { live: "blue", versions: { blue: "1", green: "2" } });
    },
  },
];

/** Other bytes in the registry's own storage, under the same version: what nobody can do by Azure ML's ways, but who has the account's key can. */
async function tamper(scene: Scene): Promise<void> {
  const azure = await scene.azure();
  const arm = { apiVersion: "2023-05-01" };
  const model = (await findModel(azure, `${await registry(scene)}/models/diabetes/versions/1`))!;
  const [container, ...folders] = new URL(model.properties.modelUri).pathname.split("/").filter(Boolean);
  const name = new URL(model.properties.modelUri).hostname.split(".")[0]!;
  const accounts = azure.list<{ id: string; name: string; properties: { primaryEndpoints: { blob: string } } }>(
    `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Storage/storageAccounts`,
    arm,
  );
  for await (const account of accounts) {
    if (account.name !== name) continue;
    const { keys } = await azure.post<{ keys: { value: string }[] }>(`${account.id}/listKeys`, undefined, arm);
    const signer = new StorageSharedKeyCredential(name, keys[0]!.value);
    const blobs = new ContainerClient(`${account.properties.primaryEndpoints.blob.replace(/\/$/, "")}/${container}`, signer);
    const path = [...folders.map(decodeURIComponent), "MLmodel"].join("/");
    const bytes = await blobs.getBlobClient(path).downloadToBuffer();
    await blobs.getBlockBlobClient(path).uploadData(Buffer.concat([bytes, Buffer.from("\n")]));
    return;
  }
  throw new Error(`there is no storage account ${name}`);
}
