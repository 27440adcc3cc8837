// The Azure CLI, unpatched: storage accounts, containers and blobs, by key, by token, by signature.
import { expect, test } from "@jest/globals";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inGroup, minute, names, shellOfFile, type AzShell } from "./az.ts";

const shell = shellOfFile(inGroup);
const az: AzShell["az"] = async (...words) => await shell.az(...words);

test(
  "a storage account: made, its keys, blobs by key, by token and by a signature that az made",
  async () => {
    const account = "--name stazone --resource-group rg";
    expect(await az("storage account check-name", "--name stazone")).toMatchObject({ nameAvailable: true });
    await az("storage account create", `${account} --location westeurope --sku Standard_LRS`);
    expect(await az("storage account check-name", "--name stazone")).toMatchObject({ nameAvailable: false, reason: "AlreadyExists" });
    expect(names(await az("storage account list"))).toContain("stazone");
    await az("storage account update", `${account} --tags a=b`);
    await az("storage account keys renew", "--account-name stazone --resource-group rg --key key2");
    const [{ value: key }] = await az("storage account keys list", "--account-name stazone --resource-group rg");
    expect((await az("storage account show-connection-string", account)).connectionString).toContain(key);
    const endpoint = (await az("storage account show", account)).primaryEndpoints.blob as string;

    const byKey = ["--account-name", "stazone", "--account-key", key as string];
    await az("storage container create", "--name data", byKey);
    expect(names(await az("storage container list", "", byKey))).toEqual(["data"]);
    expect(await az("storage container show", "--name data", byKey)).toMatchObject({ name: "data" });
    await az("storage container set-permission", "--name data --public-access off", byKey);
    expect(await az("storage container show-permission", "--name data", byKey)).toEqual({ publicAccess: "off" });
    expect(await az("storage container exists", "--name none", byKey)).toEqual({ exists: false });
    writeFileSync(path.join(shell.cwd, "main.json"), "{}");
    mkdirSync(path.join(shell.cwd, "up"));
    for (const name of ["x.txt", "y.txt"]) writeFileSync(path.join(shell.cwd, "up", name), name);
    await az("storage blob upload", "--container-name data --file main.json --name one.json --no-progress", byKey);
    await az("storage blob upload-batch", "--destination data --source up --no-progress", byKey);
    expect(names(await az("storage blob list", "--container-name data", byKey))).toEqual(["one.json", "x.txt", "y.txt"]);
    await az("storage blob download", "--container-name data --name one.json --file down.json --no-progress", byKey);
    expect(readFileSync(path.join(shell.cwd, "down.json"))).toEqual(readFileSync(path.join(shell.cwd, "main.json")));
    mkdirSync(path.join(shell.cwd, "down"));
    await az("storage blob download-batch", "--source data --destination down --pattern *.txt --no-progress", byKey);
    expect(readdirSync(path.join(shell.cwd, "down")).toSorted()).toEqual(["x.txt", "y.txt"]);
    expect(await az("storage blob show", "--container-name data --name x.txt", byKey)).toMatchObject({ properties: { contentLength: 5 } });
    await az("storage blob metadata update", "--container-name data --name x.txt --metadata a=b", byKey);
    expect(await az("storage blob metadata show", "--container-name data --name x.txt", byKey)).toEqual({ a: "b" });
    await az("storage blob set-tier", "--container-name data --name x.txt --tier Cool", byKey);
    expect(await az("storage blob url", "--container-name data --name x.txt", byKey)).toMatch(/\/data\/x\.txt$/);
    const inData = "--container-name data --name x.txt";
    await shell.notModeled("storage blob undelete", inData, undefined, byKey);
    await shell.notModeled("storage blob set-legal-hold", `${inData} --legal-hold`, undefined, byKey);
    await shell.notModeled("storage blob query", `${inData} --query-expression`, undefined, ["SELECT * from BlobStorage", ...byKey]);
    await shell.notModeled("storage blob restore", `--time-to-restore 2026-01-01T00:00:00Z --account-name stazone --resource-group rg`);
    await az("storage blob update", "--container-name data --name x.txt --content-type text/csv", byKey);
    await az(
      "storage blob copy start",
      "--source-container data --source-blob x.txt --destination-container data --destination-blob z.txt",
      byKey,
    );
    expect((await az("storage blob snapshot", "--container-name data --name z.txt", byKey)).snapshot).toBeDefined();
    await az("storage blob delete", "--container-name data --name z.txt --delete-snapshots include", byKey);
    expect(await az("storage blob exists", "--container-name data --name z.txt", byKey)).toEqual({ exists: false });
    await expect(az("storage blob list", "--container-name data --account-name stazone --account-key YWJj")).rejects.toThrow(
      /Authentication failure/,
    );

    // A token opens nothing before its holder has a role on data. Of several accounts, a token's holder names one by its address.
    const byToken = `--auth-mode login --blob-endpoint ${endpoint}`;
    const listed = async () => names(await az("storage blob list", `--container-name data ${byToken}`));
    await expect(listed()).rejects.toThrow(/required permissions/);
    const scope = (await az("storage account show", account)).id as string;
    const role = ["--role", "Storage Blob Data Contributor", "--scope", scope];
    await az(
      "role assignment create",
      `--assignee-object-id ${shell.sandbox.info.objectId} --assignee-principal-type ServicePrincipal`,
      role,
    );
    expect(await listed()).toEqual(["one.json", "x.txt", "y.txt"]);
    const assigned = (await az("role assignment list", `--scope ${scope}`)) as { roleDefinitionName: string }[];
    expect(assigned.map(({ roleDefinitionName }) => roleDefinitionName)).toContain("Storage Blob Data Contributor");
    expect(await az("role definition list", "--name Reader")).toHaveLength(1);

    const until = new Date(Date.now() + 3_600_000).toISOString().replace(/:\d\d\.\d+Z/, "Z");
    const byAccount = await az(
      "storage account generate-sas",
      `--services b --resource-types sco --permissions rl --expiry ${until}`,
      byKey,
    );
    const byContainer = await az("storage container generate-sas", `--name data --permissions rl --expiry ${until}`, byKey);
    const byDelegation = await az(
      "storage container generate-sas",
      `--name data --permissions rl --expiry ${until} --as-user --account-name stazone ${byToken}`,
    );
    const byBlob = await az("storage blob generate-sas", `--container-name data --name x.txt --permissions r --expiry ${until}`, byKey);
    const ofBlob = `--container-name data --name x.txt --blob-endpoint ${endpoint} --sas-token`;
    expect(await az("storage blob show", ofBlob, [byBlob])).toMatchObject({ name: "x.txt" });
    for (const sas of [byAccount, byContainer, byDelegation]) {
      expect(names(await az("storage blob list", `--container-name data --blob-endpoint ${endpoint} --sas-token`, [sas]))).toHaveLength(3);
      const wrong = az("storage blob delete", `--container-name data --name x.txt --blob-endpoint ${endpoint} --sas-token`, [sas]);
      await expect(wrong).rejects.toThrow(/required permissions/);
    }
    await az("storage blob delete-batch", "--source data", byKey);
    expect(await az("storage blob list", "--container-name data", byKey)).toEqual([]);
    await az("storage container delete", "--name data", byKey);
    await shell.notModeled("storage account show-usage", "--location westeurope");
    await shell.notModeled("storage account failover", `${account} --yes`);
    await shell.notModeled("storage account revoke-delegation-keys", account);
    await az("storage account delete", `${account} --yes`);
  },
  8 * minute,
);

test("what was seen is what the docs' table is made from", () => {
  const [was, is] = shell.kept("az.storage");
  expect(was).toEqual(is);
});
