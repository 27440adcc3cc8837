// Every resource type of the provider.
import { assetVersion } from "./assetVersion.ts";
import type { ResourceKind } from "./kind.ts";
import { nameRelease } from "./nameRelease.ts";
import { endpointRollout } from "./rollout.ts";
import { upload } from "./upload.ts";

// oxlint-disable-next-line no-explicit-any -- each kind has inputs of its own
export const kinds: readonly ResourceKind<any>[] = [upload, assetVersion, nameRelease, endpointRollout];
