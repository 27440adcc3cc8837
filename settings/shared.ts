// Settings of the `shared` stack: what all stages share.
import { z } from "zod";
import { common, group } from "./fields.ts";
import { pipelines } from "./pipelines.ts";

const objectId = z.uuid("must be an Entra object id (a GUID)");

export const SharedSettings = z.strictObject({
  ...common,
  ...group,
  /** Further regions of the ML registry. */
  registryLocations: z.array(common.location.unwrap()).default([]),
  /** Entra object ids of pipelines and people who make releases; default: whoever runs the first `up`. */
  operators: z.array(objectId).optional(),
  /** Entra object ids of those who may approve. With any, only they can write approvals. */
  approvers: z.array(objectId).default([]),
  /** The vault with the key that releases are signed with cannot be purged once it is deleted, by no one, for 90 days. Cannot be taken back. */
  purgeProtection: z.boolean("must be true or false").default(false),
  /** Where pipelines run; with it, their identities are made. */
  pipelines,
});

export type SharedSettings = z.infer<typeof SharedSettings>;
