// Bodies of asset versions (API 2024-10-01): what each kind must say.
import { z } from "zod";

const text = z.string().nullish();
// Azure reads numbers and booleans here as text; its own SDK sends some.
const words = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String).nullable()).nullish();
const common = {
  description: text,
  tags: words,
  properties: words,
  isAnonymous: z.boolean().nullish(),
  isArchived: z.boolean().nullish(),
  stage: text,
};

/** A version's properties, by the kind's segment in the id. */
export const versionBodies = {
  data: z.looseObject({ ...common, dataType: z.enum(["uri_file", "uri_folder", "mltable"]), dataUri: z.string().min(1) }),
  models: z.looseObject({ ...common, modelUri: z.string().min(1), modelType: text, flavors: z.record(z.string(), z.unknown()).nullish() }),
  codes: z.looseObject({ ...common, codeUri: z.string().min(1) }),
  environments: z
    .looseObject({
      ...common,
      image: text,
      condaFile: text,
      build: z.looseObject({ contextUri: z.string().min(1), dockerfilePath: text }).nullish(),
      osType: z.enum(["Linux", "Windows"]).nullish(),
    })
    .refine((properties) => Boolean(properties.image) !== Boolean(properties.build), {
      path: ["image"],
      message:
        "an environment is made either from an image (image, and condaFile if wanted) or from a build context (build); give exactly one of the two",
    }),
  components: z.looseObject({ ...common, componentSpec: z.looseObject({ type: z.string().min(1) }) }),
} as const;

export type AssetKind = keyof typeof versionBodies;

export const assetKinds = Object.keys(versionBodies) as AssetKind[];

/** A container's properties. */
export const containerBody = z.looseObject({
  properties: z.looseObject({ description: text, tags: words, properties: words, isArchived: z.boolean().nullish() }).nullish(),
});
