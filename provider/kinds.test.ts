// What preview says of each kind: problems, differences, outputs known beforehand.
import { afterEach, describe, expect, test } from "@jest/globals";
import { assetVersion } from "./assetVersion.ts";
import type { AssetVersionInputs } from "./assetVersion.ts";
import { unknown } from "./kind.ts";
import { AzureError } from "../azure/errors.ts";
import { nameRelease } from "./nameRelease.ts";
import { rolesInForce } from "./rolesInForce.ts";
import { endpointRollout } from "./rollout.ts";
import type { RolloutInputs } from "./rollout.ts";
import { upload } from "./upload.ts";
import type { UploadInputs } from "./upload.ts";

const workspaceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
const hash = "0123456789abcdef".repeat(4);

describe("EndpointRollout", () => {
  const inputs: RolloutInputs = {
    endpointId: `${workspaceId}/onlineEndpoints/e`,
    traffic: { blue: 100 },
    deployments: { blue: "model 1" },
    steps: [100],
    bakeSeconds: 0,
    check: { request: "{}", calls: 1, maxErrorPercent: 0, readySeconds: 1 },
  };
  const diff = (change: Partial<RolloutInputs>) => endpointRollout.diff({ id: "i", inputs, outputs: {} }, { ...inputs, ...change });

  test("a bad plan is refused at preview, at the field", () => {
    expect(endpointRollout.check(inputs, undefined)).toEqual([]);
    const bad = { ...inputs, traffic: { blue: 90, green: 5 }, steps: [50], mirrorFirstPercent: 70 };
    expect(endpointRollout.check(bad, undefined).map(({ property }) => property)).toEqual(["traffic.green", "steps", "mirrorFirstPercent"]);
  });

  test("what is not known yet is not judged", () => {
    expect(endpointRollout.check({ ...inputs, traffic: unknown as never }, undefined)).toEqual([]);
  });

  test("each slot's change is told by itself", () => {
    expect(diff({ traffic: { green: 100 }, deployments: { blue: "model 1", green: "model 2" } })).toEqual([
      { path: "traffic.blue", kind: "delete" },
      { path: "traffic.green", kind: "add" },
      { path: "deployments.green", kind: "add" },
    ]);
    expect(diff({ deployments: { blue: "model 2" } })).toEqual([{ path: "deployments.blue", kind: "update" }]);
  });

  test("how traffic moves is no change by itself; a zero says the same as nothing", () => {
    expect(diff({ steps: [10, 100], bakeSeconds: 60, check: { ...inputs.check, calls: 20 }, traffic: { blue: 100, green: 0 } })).toEqual(
      [],
    );
  });

  test("another endpoint is another rollout", () => {
    expect(diff({ endpointId: "/other" })).toEqual([{ path: "endpointId", kind: "update", replace: true }]);
  });
});

describe("Upload", () => {
  const inputs: UploadInputs = { workspaceId, kind: "code", path: "project/ml/train", hash };

  test("its reference is known before it is sent", () => {
    expect(upload.foresee!(inputs)).toEqual({ reference: `${workspaceId}/codes/01234567-89ab-cdef-0123-456789abcdef/versions/1` });
    expect(upload.foresee!({ ...inputs, kind: "data" })).toEqual({
      reference: `azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/workspaceblobstore/paths/LocalUpload/${hash}`,
    });
    expect(upload.foresee!({ ...inputs, workspaceId: unknown })).toEqual({});
  });

  test("other content is another upload; another place of the same files is not", () => {
    expect(upload.diff({ id: "i", inputs, outputs: {} }, { ...inputs, path: "elsewhere" })).toEqual([]);
    expect(upload.diff({ id: "i", inputs, outputs: {} }, { ...inputs, hash: "f".repeat(64) })).toEqual([{ path: "hash", kind: "update" }]);
  });

  test("files that changed since the preview are not sent under the wrong name", async () => {
    const call = {
      azure: () => Promise.reject(new Error("no request expected")),
      signal: new AbortController().signal,
      say: () => undefined,
      note: () => undefined,
    };
    await expect(upload.create({ ...inputs, path: "project/ml/train" }, call)).rejects.toThrow(/project\/ml\/train changed while/);
  });

  test("bad inputs are refused", () => {
    expect(upload.check({ ...inputs, kind: "model" as never, hash: "x" }, undefined).map(({ property }) => property)).toEqual([
      "kind",
      "hash",
    ]);
  });
});

describe("AssetVersion", () => {
  const inputs: AssetVersionInputs = {
    ...{ workspaceId, collection: "data", name: "diabetes", version: "1", contentVersion: false, source: "project/data/data.yml" },
    properties: { dataUri: "azureml://a", description: "old", tags: {} },
  };
  const call = (there: unknown, puts: unknown[] = []) => ({
    azure: async () => ({ find: async () => there, put: async (_id: string, body: unknown) => void puts.push(body) }) as never,
    signal: new AbortController().signal,
    say: () => undefined,
    note: () => undefined,
  });

  test("other content under the same version is refused at preview, with the file to change", () => {
    const [problem] = assetVersion.check({ ...inputs, properties: { ...inputs.properties, dataUri: "azureml://b" } }, inputs);
    expect(problem).toEqual({
      property: "version",
      reason: expect.stringMatching(/diabetes:1 .* immutable; .* new version in project\/data\/data.yml/),
    });
  });

  test("a new version, a description and an unknown value are fine", () => {
    expect(assetVersion.check({ ...inputs, version: "2", properties: { dataUri: "azureml://b" } }, inputs)).toEqual([]);
    expect(assetVersion.check({ ...inputs, properties: { ...inputs.properties, description: "new" } }, inputs)).toEqual([]);
    expect(assetVersion.check({ ...inputs, properties: { dataUri: unknown } }, inputs)).toEqual([]);
  });

  test("a version that another run made meanwhile, or whose answer was lost, is there; one with other content is refused", async () => {
    const conflict = new AzureError("exists and cannot be changed", {
      method: "PUT",
      url: "https://localhost/v",
      status: 409,
      code: "UserError",
    });
    const made = (dataUri: string) => {
      let looks = 0;
      const find = async (): Promise<unknown> => (looks++ === 0 ? undefined : { properties: { dataUri, description: "old" } });
      return { ...call(undefined), azure: async () => ({ find, put: () => Promise.reject(conflict) }) as never };
    };
    expect((await assetVersion.create(inputs, made("azureml://a"))).outputs).toEqual({
      versionId: `${workspaceId}/data/diabetes/versions/1`,
    });
    await expect(assetVersion.create(inputs, made("azureml://b"))).rejects.toBe(conflict);
    expect((await assetVersion.create({ ...inputs, contentVersion: true }, made("azureml://b"))).outputs).toBeDefined();
  });

  test("a new version is an update that leaves the old one alone", async () => {
    expect(assetVersion.diff({ id: "i", inputs, outputs: {} }, { ...inputs, version: "2" })).toEqual([{ path: "version", kind: "update" }]);
    const puts: unknown[] = [];
    const outputs = await assetVersion.update!({ id: "i", inputs, outputs: {} }, { ...inputs, version: "2" }, call(undefined, puts));
    expect(outputs).toEqual({ versionId: `${workspaceId}/data/diabetes/versions/2` });
    expect(puts).toHaveLength(1);
    expect(assetVersion.delete).toBeUndefined();
  });

  test("another name is another asset", () => {
    expect(assetVersion.diff({ id: "i", inputs, outputs: {} }, { ...inputs, name: "other" })).toEqual([
      { path: "name", kind: "update", replace: true },
    ]);
  });

  test("what is there with the same content is taken over, whatever Azure added to it", async () => {
    const puts: unknown[] = [];
    const there = { properties: { ...inputs.properties, provisioningState: "Succeeded" } };
    expect(await assetVersion.create(inputs, call(there, puts))).toEqual({
      id: `${workspaceId}/data/diabetes`,
      outputs: { versionId: `${workspaceId}/data/diabetes/versions/1` },
    });
    expect(puts).toEqual([]);
  });

  test("what is there with other content is an error", async () => {
    await expect(assetVersion.create(inputs, call({ properties: { dataUri: "azureml://other" } }))).rejects.toThrow(/immutable/);
  });

  test("an archived version comes back, a missing one is made", async () => {
    const puts: unknown[] = [];
    await assetVersion.create(inputs, call({ properties: { ...inputs.properties, isArchived: true } }, puts));
    await assetVersion.create(inputs, call(undefined, puts));
    expect(puts).toEqual([{ properties: inputs.properties }, { properties: inputs.properties }]);
  });
});

describe("RolesInForce", () => {
  const inputs = { assignments: ["/a", "/b"] };
  const signal = new AbortController();
  const call = { azure: async () => ({}) as never, signal: signal.signal, say: () => undefined, note: () => undefined };
  afterEach(() => void delete process.env["MLOPS_ROLES_HOLD_AFTER_SECONDS"]);

  test("waits as long as the cloud takes, again when a role was added", async () => {
    process.env["MLOPS_ROLES_HOLD_AFTER_SECONDS"] = "0.2";
    for (const wait of [
      async () => await rolesInForce.create(inputs, call),
      async () => await rolesInForce.update!({ id: "", inputs, outputs: {} }, inputs, call),
    ]) {
      const began = performance.now();
      await wait();
      expect(performance.now() - began).toBeGreaterThan(190);
    }
    expect(rolesInForce.diff({ id: "", inputs, outputs: {} }, inputs)).toEqual([]);
    expect(rolesInForce.diff({ id: "", inputs, outputs: {} }, { assignments: ["/a"] })).toHaveLength(1);
  });

  test("on Azure that is half a minute, which an interrupt ends", async () => {
    const waiting = rolesInForce.create(inputs, call);
    signal.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow("aborted");
  });

  test("a time that is none is refused at preview", () => {
    process.env["MLOPS_ROLES_HOLD_AFTER_SECONDS"] = "soon";
    expect(rolesInForce.check(inputs, undefined)).toEqual([
      { property: "assignments", reason: 'MLOPS_ROLES_HOLD_AFTER_SECONDS is "soon"; it must be a number of seconds, 0 or more' },
    ]);
  });
});

describe("NameRelease", () => {
  const requests: string[] = [];
  const call = (alive: boolean, deleted: unknown) => ({
    azure: async () =>
      ({
        find: async (id: string) => (id.includes("deletedVaults") ? deleted : alive ? {} : undefined),
        // oxlint-disable-next-line require-yield -- the cloud does not list deleted workspaces
        list: async function* () {
          throw new AzureError("no such path", { method: "GET", url: "https://x", status: 404, code: "NotFound" });
        },
        delete: async (id: string, o: { query?: Record<string, string> }) =>
          Boolean(requests.push(`DELETE ${id} ${JSON.stringify(o.query)}`)),
        post: async (id: string) => void requests.push(`POST ${id}`),
      }) as never,
    signal: new AbortController().signal,
    say: () => undefined,
    note: () => undefined,
  });
  const vault = {
    kind: "vault",
    resourceId: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv",
    location: "westeurope",
  } as const;

  test("never touches what lives", async () => {
    requests.length = 0;
    await nameRelease.create(vault, call(true, { properties: { vaultId: vault.resourceId } }));
    await nameRelease.create({ ...vault, kind: "workspace", resourceId: workspaceId }, call(true, undefined));
    expect(requests).toEqual([]);
  });

  test("purges a deleted vault of ours, and no one else's", async () => {
    requests.length = 0;
    await nameRelease.create(
      vault,
      call(false, { properties: { vaultId: "/subscriptions/s/resourceGroups/other/providers/Microsoft.KeyVault/vaults/kv" } }),
    );
    expect(requests).toEqual([]);
    await nameRelease.create(vault, call(false, { properties: { vaultId: vault.resourceId.toUpperCase() } }));
    expect(requests).toEqual(["POST /subscriptions/s/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv/purge"]);
  });

  test("a purge whose answer was lost, and which is sent again, is done", async () => {
    const notes: string[] = [];
    const facts = { method: "POST", url: "https://localhost/purge", status: 404, code: "DeletedVaultNotFound" };
    const azure = async () =>
      ({
        find: async (id: string) => (id.includes("deletedVaults") ? { properties: { vaultId: vault.resourceId } } : undefined),
        post: () => Promise.reject(new AzureError("No deleted vault was found", facts)),
      }) as never;
    await nameRelease.delete!(
      { id: "i", inputs: vault, outputs: {} },
      { ...call(false, undefined), azure, note: (message) => void notes.push(message) },
    );
    expect(notes).toEqual(["purged the deleted vault kv"]);
  });

  test("a destroy goes on without the right to purge, and says so", async () => {
    const notes: string[] = [];
    const refused = Object.assign(new Error("AuthorizationFailed"), { status: 403 });
    const azure = async () =>
      ({
        ...((await call(false, undefined).azure()) as object),
        find: async () => undefined,
        delete: () => Promise.reject(refused),
      }) as never;
    await nameRelease.delete!(
      { id: "i", inputs: { ...vault, kind: "workspace", resourceId: workspaceId }, outputs: {} },
      { ...call(false, undefined), azure, note: (m) => void notes.push(m) },
    );
    expect(notes).toEqual([expect.stringMatching(/w is deleted but may not be purged by you; its name stays taken/)]);
  });

  test("keeps what is to be kept, or cannot be purged yet, and says so to who makes it again; once", async () => {
    requests.length = 0;
    const deleted = { properties: { vaultId: vault.resourceId } };
    const made = await nameRelease.create({ ...vault, keep: true }, call(false, deleted));
    expect(made.outputs).toEqual({ recover: true });
    const locked = { properties: { ...deleted.properties, purgeProtectionEnabled: true, scheduledPurgeDate: "2027-02-01T00:00:00Z" } };
    expect((await nameRelease.create(vault, call(false, locked))).outputs).toEqual({ recover: true });
    const known = { id: "i", inputs: { ...vault, keep: true }, outputs: made.outputs };
    expect(nameRelease.diff(known, known.inputs)).toEqual([{ path: "recover", kind: "update" }]);
    expect(await nameRelease.update!(known, known.inputs, call(true, undefined))).toEqual({ recover: false });
    expect(nameRelease.diff({ ...known, outputs: { recover: false } }, known.inputs)).toEqual([]);
    const notes: string[] = [];
    await nameRelease.delete!(known, { ...call(false, deleted), note: (m) => void notes.push(m) });
    expect(notes).toEqual(["the deleted vault kv is kept with its keys and secrets; the next up recovers it"]);
    expect(requests).toEqual([]);
  });

  test("purges a deleted workspace", async () => {
    requests.length = 0;
    await nameRelease.delete!(
      { id: "i", inputs: { ...vault, kind: "workspace", resourceId: workspaceId }, outputs: {} },
      call(false, undefined),
    );
    expect(requests).toEqual([`DELETE ${workspaceId} {"forceToPurge":"true"}`]);
  });
});
