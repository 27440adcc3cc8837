// The checks of `mlops doctor`, in the order in which they are told.
import type { Check } from "./check.ts";
import { budget } from "./checks/budget.ts";
import { config } from "./checks/config.ts";
import { endpoint } from "./checks/endpoint.ts";
import { key } from "./checks/key.ts";
import { locks } from "./checks/locks.ts";
import { login } from "./checks/login.ts";
import { names } from "./checks/names.ts";
import { network } from "./checks/network.ts";
import { providers } from "./checks/providers.ts";
import { quota } from "./checks/quota.ts";
import { registry } from "./checks/registry.ts";
import { roles } from "./checks/roles.ts";
import { sizes } from "./checks/sizes.ts";
import { state } from "./checks/state.ts";
import { toolchain } from "./checks/toolchain.ts";

export const checks: readonly Check[] = [
  toolchain,
  config,
  login,
  state,
  roles,
  providers,
  sizes,
  quota,
  key,
  names,
  endpoint,
  network,
  registry,
  locks,
  budget,
];
