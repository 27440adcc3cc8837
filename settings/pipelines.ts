// Settings about the pipelines that drive the stages: where they run and what they sign in for. Written by `mlops connect`.
import { z } from "zod";
import { stages } from "./stage.ts";

const word = (rule: string) => z.string().regex(/^[^\s/:]+$/, rule);

export const pipelines = z
  .strictObject({
    github: z.strictObject({ repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "must be owner/repository") }).optional(),
    azureDevOps: z
      .strictObject({
        organization: word("must be the organization's name"),
        /** The organization's id, which its tokens' issuer has in it. */
        organizationId: z.guid("must be the organization's id, a GUID"),
        project: z.string().min(1, "must be the project's name"),
        /** Service connections are `<prefix>-<stage>`. */
        connectionPrefix: word("must be the beginning of the service connections' names").default("mlops"),
      })
      .optional(),
    /** Stages that are up, so that roles in their resource groups can be given. */
    stages: z.array(z.enum(stages)).min(1, "must name a stage that is up"),
    /** Is Pulumi's state in the storage that `mlops bootstrap` made? Then the pipelines get roles on it. */
    state: z.boolean("must be true or false").default(false),
  })
  .refine(
    ({ github, azureDevOps }) => github !== undefined || azureDevOps !== undefined,
    "must name github or azureDevOps: mlops connect github",
  )
  .optional();

export type PipelineSettings = NonNullable<z.infer<typeof pipelines>>;
