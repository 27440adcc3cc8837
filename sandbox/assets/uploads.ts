// Places to upload an asset's files to before its version is made: a container of its own and a signature for it.
import { createHash, randomUUID } from "node:crypto";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { nameOf } from "../arm/ids.ts";
import { containerSas } from "../blob/sas.ts";

/** The account in which a workspace or a registry keeps its files. Throws ArmError 409 when it has none (yet). */
export function accountOf(sandbox: SandboxContext, assetId: string): { account: string; accountId: string } {
  const home = /^(.*\/providers\/Microsoft\.MachineLearningServices\/(?:workspaces|registries)\/[^/]+)/i.exec(assetId)?.[1] ?? "";
  const owner = sandbox.resources.get(home);
  const registry = (
    owner?.properties["regionDetails"] as
      | {
          storageAccountDetails?: {
            systemCreatedStorageAccount?: { armResourceId?: { resourceId?: string } };
            userCreatedStorageAccount?: { armResourceId?: { resourceId?: string } };
          }[];
        }[]
      | undefined
  )?.[0]?.storageAccountDetails?.[0];
  const id =
    (owner?.properties["storageAccount"] as string | undefined) ??
    registry?.systemCreatedStorageAccount?.armResourceId?.resourceId ??
    registry?.userCreatedStorageAccount?.armResourceId?.resourceId;
  if (!id || !sandbox.resources.get(id))
    throw new ArmError(409, "Conflict", `'${home}' has no storage account yet; wait until its provisioningState is Succeeded.`);
  return { account: nameOf(id), accountId: id };
}

/** Answer of startPendingUpload: a new container each time, as in Azure. */
export async function pendingUpload(version: ArmResource, body: unknown, sandbox: SandboxContext): Promise<object> {
  const asked = (body ?? {}) as { pendingUploadType?: string; pendingUploadId?: string };
  const kind = asked.pendingUploadType ?? "TemporaryBlobReference";
  if (kind !== "TemporaryBlobReference")
    throw new ArmError(400, "UserError", `pendingUploadType: must be TemporaryBlobReference (it is '${kind}').`, {
      target: "pendingUploadType",
    });
  const { account, accountId } = accountOf(sandbox, version.id);
  const container = randomUUID();
  await sandbox.container(account, container);
  const uri = `${sandbox.urls.blob(account)}/${container}`;
  return {
    pendingUploadId: asked.pendingUploadId ?? randomUUID(),
    pendingUploadType: kind,
    blobReferenceForConsumption: {
      blobUri: uri,
      storageAccountArmId: accountId,
      credential: {
        credentialType: "SAS",
        sasUri: `${uri}?${containerSas(sandbox.db, { account, container, permissions: "racwdl", hours: 24 })}`,
      },
    },
  };
}

/** A container that belongs to one registry version, so that asking twice gives the same place (tempdatarefs). */
export function versionContainer(registryId: string, assetId: string): string {
  return `r-${createHash("sha256").update(`${registryId.toLowerCase()}\n${assetId.toLowerCase()}`).digest("hex").slice(0, 40)}`;
}
