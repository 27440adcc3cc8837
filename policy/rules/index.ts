// Every rule of the pack, one file each.
import type { Rule } from "../rule.ts";
import { allowedRegions } from "./allowed-regions.ts";
import { allowedSizes } from "./allowed-sizes.ts";
import { approvedRelease } from "./approved-release.ts";
import { budgetPresent } from "./budget-present.ts";
import { customerManagedKeys } from "./customer-managed-key.ts";
import { diagnosticSettings } from "./diagnostic-settings.ts";
import { locks } from "./locks.ts";
import { noKeyAuth } from "./no-key-auth.ts";
import { noPublicAccess } from "./no-public-access.ts";
import { privateNetwork } from "./private-network.ts";
import { protectState } from "./protect-state.ts";
import { requiredTags } from "./required-tags.ts";
import { scaleToZero } from "./scale-to-zero.ts";
import { tls } from "./tls.ts";

export const rules: readonly Rule[] = [
  approvedRelease(process.env),
  noPublicAccess,
  privateNetwork,
  noKeyAuth,
  customerManagedKeys,
  protectState,
  locks,
  scaleToZero,
  requiredTags,
  allowedRegions,
  allowedSizes,
  budgetPresent,
  tls,
  diagnosticSettings,
];
