// Settings of the `shared` stack: what all stages share.
import { z } from "zod";
import { common } from "./fields.ts";

export const SharedSettings = z.strictObject({
  ...common,
  /** Further regions of the ML registry. */
  registryLocations: z.array(common.location.unwrap()).default([]),
});

export type SharedSettings = z.infer<typeof SharedSettings>;
