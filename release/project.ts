// The user's project folder as the command line meets it: where it is and which files it has.
import { join } from "node:path";
import { findFile, type Role } from "../assets/index.ts";
import { CommandError } from "./command.ts";
import { diskFiles } from "./files.ts";

/** Path, from the checkout, of a file that has to be there. */
export function projectFile(repo: string, project: string, role: Role): string {
  const files = diskFiles(repo);
  const found = findFile(role, files.resolve(".", project), files);
  if ("path" in found) return join(project, found.path);
  throw new CommandError(`${project}: ${found.none}`, `"${project}" is the project's folder by azure-mlops:project in the stack's config.`);
}

/** The same of a file that a project may do without. @throws CommandError where several could be it */
export function projectFileIfThere(repo: string, project: string, role: Role): string | undefined {
  const files = diskFiles(repo);
  const found = findFile(role, files.resolve(".", project), files);
  return "none" in found && !found.several ? undefined : projectFile(repo, project, role);
}
