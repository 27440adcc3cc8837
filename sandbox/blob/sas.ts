// Shared access signatures that the sandbox itself gives out, as Azure's services do: signed with the account's key, or with
// a user delegation key where the account takes no keys.
import { createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import {
  AccountSASPermissions,
  ContainerSASPermissions,
  SASProtocol,
  StorageSharedKeyCredential,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { ArmError } from "../core.ts";
import type { ArmResource } from "../core.ts";
import { workspacePrincipal } from "../rbac/identities.ts";
import { tenantId } from "../entra/directory.ts";
import { accountsIn, delegationSecret } from "./accounts.ts";

export interface SasRequest {
  readonly account: string;
  readonly container: string;
  /** For every container of the account, where it takes keys; a user delegation signature cannot be for more than one. */
  readonly wholeAccount?: boolean;
  /** As in Azure's `sp`: letters of racwdl. */
  readonly permissions: string;
  readonly hours: number;
  /** Who signs a user delegation SAS, which opens no more than they may do; default: the workspace whose account it is. */
  readonly principalId?: string;
}

/** The query string of a SAS for the container, or for its account, without `?`. Throws ArmError 404 for an unknown account. */
export function containerSas(db: DatabaseSync, request: SasRequest): string {
  const { account, container, permissions, hours, principalId } = request;
  const found = accountsIn(db).find(account);
  if (!found) throw new ArmError(404, "ResourceNotFound", `The sandbox has no storage account '${account}'.`);
  const startsOn = seconds(Date.now() - 15 * 60_000);
  const expiresOn = seconds(Date.now() + hours * 3_600_000);
  // A version whose string to sign every client and the blob service agree on.
  const values = {
    version: "2023-11-03",
    containerName: container,
    permissions: ContainerSASPermissions.parse(permissions),
    protocol: SASProtocol.Https,
    startsOn,
    expiresOn,
  };
  if (found.allowSharedKeyAccess && request.wholeAccount) {
    const { version, protocol } = values;
    const every = { services: "b", resourceTypes: "co", permissions: AccountSASPermissions.parse(permissions) };
    const key = new StorageSharedKeyCredential(found.name, found.keys[0]);
    return generateAccountSASQueryParameters({ version, protocol, startsOn, expiresOn, ...every }, key).toString();
  }
  if (found.allowSharedKeyAccess) {
    return generateBlobSASQueryParameters(values, new StorageSharedKeyCredential(found.name, found.keys[0])).toString();
  }
  const signedVersion = "2025-11-05";
  const oid = principalId ?? ownerOf(db, account) ?? "00000000-0000-0000-0000-000000000000";
  const text = [oid, tenantId, stamp(startsOn), stamp(expiresOn), "b", signedVersion].join("\n");
  const key = {
    signedObjectId: oid,
    signedTenantId: tenantId,
    signedStartsOn: startsOn,
    signedExpiresOn: expiresOn,
    signedService: "b",
    signedVersion,
    value: createHmac("sha256", delegationSecret(db)).update(text, "utf8").digest("base64"),
  };
  return generateBlobSASQueryParameters(values, key, found.name).toString();
}

/** Identity of the workspace that keeps its files in the account. */
function ownerOf(db: DatabaseSync, account: string): string | undefined {
  const rows = db.prepare("SELECT json FROM resources WHERE type = 'microsoft.machinelearningservices/workspaces'").all() as {
    json: string;
  }[];
  const all = rows.map(({ json }) => JSON.parse(json) as ArmResource);
  return workspacePrincipal(
    all.find(({ properties }) => String(properties["storageAccount"]).toLowerCase().endsWith(`/${account.toLowerCase()}`)),
  );
}

/** Signatures know whole seconds only. */
const seconds = (time: number): Date => new Date(Math.floor(time / 1000) * 1000);
const stamp = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, "Z");
