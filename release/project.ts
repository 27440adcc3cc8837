// The user's project folder as the command line meets it: where it is and which files it has.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command.ts";

/** Files of a project folder, by what they are for. */
export const projectFiles = {
  pipeline: "mlops/pipeline.yml",
  sampleRequest: "deploy/sample-request.json",
} as const;

/** Path of a file that has to be there. */
export function projectFile(repo: string, project: string, file: keyof typeof projectFiles): string {
  const path = join(project, projectFiles[file]);
  if (!existsSync(join(repo, path))) {
    throw new CommandError(
      `${path} is missing`,
      `A project folder has it; "${project}" is set by azure-mlops:project in the stack's config.`,
    );
  }
  return path;
}
