// Routes of the asset service that are no resources: discovery of workspaces' and registries' services, and places to upload
// to and to download from in a registry.
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { Room, SandboxContext } from "../core.ts";
import { assetServicePrefix } from "../arm/http.ts";
import { groupNotFound } from "../arm/errors.ts";
import { parsePath } from "../arm/ids.ts";
import { blobUrl } from "../blob/urls.ts";
import { containerSas } from "../blob/sas.ts";
import { registryId } from "../ml/locate.ts";
import { readJson } from "../server/bodies.ts";
import { publicRegistry } from "./curated.ts";
import { accountOf, versionContainer } from "./uploads.ts";

const registry = "/subscriptions/:s/:groups{resource[gG]roups}/:g/providers/Microsoft.MachineLearningServices/registries/:r";

export const room: Room = {
  name: "assets",
  mount(app: Hono, sandbox: SandboxContext) {
    const { base } = sandbox.urls;
    // Where a workspace's other services are; anonymous, as in Azure.
    for (const path of ["/discovery", "/discovery/*"]) {
      app.get(path, (c) =>
        c.json({
          api: base,
          history: base,
          experimentation: base,
          modelmanagement: base,
          mlflow: base,
          notebooks: base,
          pipelines: base,
          studio: base,
        }),
      );
    }
    app.get("/registrymanagement/v1.0/registries/:r/discovery", async (c) => {
      await sandbox.authenticate(c.req.header("authorization"), "aml");
      const name = c.req.param("r");
      const id = name.toLowerCase() === "azureml" ? publicRegistry(sandbox.subscriptionId) : registryId(sandbox, name);
      const { subscriptionId, resourceGroup } = parsePath(id);
      const location = sandbox.resources.get(id)?.location ?? "westeurope";
      return c.json({
        registryName: name,
        primaryRegion: location,
        primaryRegionResourceProviderUri: `${base}/`,
        registryFqdns: { [location]: { uri: base } },
        resourceId: id,
        subscriptionId,
        resourceGroup,
      });
    });
    for (const prefix of ["", assetServicePrefix]) {
      app.put(`${prefix}${registry}/tempdatarefs/:name/versions/:version`, async (c) => await upload(c, sandbox));
      app.post(`${prefix}${registry}/datarefs/:name/versions/:version`, async (c) => await download(c, sandbox));
    }
  },
};

async function upload(c: Context, sandbox: SandboxContext): Promise<Response> {
  const id = await known(c, sandbox, "write");
  const { assetId } = (await readJson(c, 64 * 1024)) as { assetId?: string };
  const place = /^azureml:\/\/registries\/[^/]+\/(\w+)\/([^/]+)\/versions\/([^/]+)$/i.exec(assetId ?? "");
  if (!place)
    throw new ArmError(
      400,
      "UserError",
      `assetId: must be azureml://registries/{registry}/{kind}/{name}/versions/{version} (it is '${assetId}').`,
    );
  if (sandbox.resources.get(`${id}/${place[1]}/${place[2]}/versions/${place[3]}`)) {
    throw new ArmError(409, "UserError", `${place[1]} '${place[2]}' version '${place[3]}' is already in the registry.`);
  }
  const { account, accountId } = accountOf(sandbox, `${id}/x`);
  const container = versionContainer(id, assetId!);
  await sandbox.container(account, container);
  return c.json(reference(sandbox, account, accountId, container, "", "racwdl"));
}

async function download(c: Context, sandbox: SandboxContext): Promise<Response> {
  const id = await known(c, sandbox, "read");
  const { blobUri } = (await readJson(c, 64 * 1024)) as { blobUri?: string };
  const place = blobUrl(sandbox, blobUri ?? "");
  const { account, accountId } = accountOf(sandbox, `${id}/x`);
  if (!place || place.account !== account) throw new ArmError(400, "UserError", `blobUri: '${blobUri}' is not in the registry's storage.`);
  return c.json(reference(sandbox, account, accountId, place.container, place.path, "rl"));
}

async function known(c: Context, sandbox: SandboxContext, what: "read" | "write"): Promise<string> {
  const caller = await sandbox.authenticate(c.req.header("authorization"), "aml");
  const id = registryId(sandbox, c.req.param("r") ?? "");
  sandbox.access.demand(caller, { operation: `Microsoft.MachineLearningServices/registries/assets/${what}`, scope: id });
  if (parsePath(id).resourceGroup?.toLowerCase() !== c.req.param("g")?.toLowerCase()) throw groupNotFound(c.req.param("g") ?? "");
  return id;
}

function reference(
  sandbox: SandboxContext,
  account: string,
  accountId: string,
  container: string,
  path: string,
  permissions: string,
): object {
  const root = `${sandbox.urls.blob(account)}/${container}`;
  const uri = path === "" ? root : `${root}/${path}`;
  // The signature's address is the container's: clients add the path themselves.
  const sasUri = `${root}?${containerSas(sandbox.db, { account, container, permissions, hours: 24 })}`;
  return { blobReferenceForConsumption: { blobUri: uri, storageAccountArmId: accountId, credential: { credentialType: "SAS", sasUri } } };
}
