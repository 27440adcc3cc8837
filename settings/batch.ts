// Settings of a stage's batch endpoint.
import { z } from "zod";

const set = z.array(z.string().regex(/^[^=]+=/s, "must be path.to.field=value")).default([]);

/** The project's batch endpoint (deploy/batch-endpoint.yml, deploy/batch-deployment.yml), for the same model version as the online one. */
export const batch = z
  .strictObject({
    enabled: z.boolean("must be true or false").default(false),
    /** Name of the endpoint in Azure, unique in the region; default: `<prefix>-<stage>-batch-<six digits of the subscription>`. */
    endpointName: z
      .string()
      .regex(
        /^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$/,
        "must be 3 to 32 letters, digits and hyphens, begin with a letter and not end with a hyphen",
      )
      .optional(),
    /** `--set` of `az ml`, on the endpoint's file: `path.to.field=value`. */
    endpointSet: set,
    /** The same on the deployment's file, for both slots. */
    deploymentSet: set,
    /** How long the small job on the sample data may take, that a deployment has to do well before it becomes the default. */
    checkMinutes: z.number("must be a number of minutes").positive("must be more than 0").max(1440, "must be at most 1440").default(30),
    /** Which input of a pipeline component gets the sample data; default: its only one. */
    checkInput: z.string().min(1, "must be an input's name").optional(),
  })
  .prefault({});
