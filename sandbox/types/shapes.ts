// Pieces of request bodies that many types share.
import { z } from "zod";

export const tags = z.record(z.string(), z.string()).nullish();

export const identity = z
  .looseObject({
    type: z
      .string()
      .regex(/^(None|SystemAssigned|UserAssigned|SystemAssigned, ?UserAssigned)$/i, "must be None, SystemAssigned, UserAssigned or both"),
  })
  .nullish();

/** A tracked resource's body whose properties are checked by `properties`. */
export function tracked<Shape extends z.ZodType>(properties: Shape) {
  return z.looseObject({ location: z.string().optional(), tags, identity, properties });
}

/** A body with nothing but properties, as proxy resources have. */
export function proxy<Shape extends z.ZodType>(properties: Shape) {
  return z.looseObject({ properties });
}

/** Azure Machine Learning takes "true" for true. */
export const bool = z
  .union([
    z.boolean(),
    z
      .string()
      .regex(/^(true|false)$/i, "must be true or false")
      .transform((text) => /^true$/i.test(text)),
  ])
  .nullish();

export const anyProperties = z.looseObject({}).nullish();

/** A resource id, in any casing. */
export const resourceId = z.string().regex(/^\/(subscriptions|providers)\//i, "must be a resource id, /subscriptions/…");
