// Every resource type of the provider.
import { assetVersion } from "./assetVersion.ts";
import { batchRollout } from "./batchRollout.ts";
import type { AnyKind } from "./kind.ts";
import { monitorSchedule } from "./monitorSchedule.ts";
import { nameRelease } from "./nameRelease.ts";
import { rolesInForce } from "./rolesInForce.ts";
import { endpointRollout } from "./rollout.ts";
import { upload } from "./upload.ts";

export const kinds: readonly AnyKind[] = [upload, assetVersion, nameRelease, rolesInForce, endpointRollout, batchRollout, monitorSchedule];
