// The machines that a stage takes: its cluster's, and those of a deployment as its YAML and the stack's settings say.
import { join } from "node:path";
import { findFile, formatProblem, readAsset, type Variant, VARIANTS } from "../../assets/index.ts";
import { diskFiles } from "../files.ts";

/** What Azure ML puts beside a deployment that names no size. */
export const usualSize = "Standard_DS3_v2";

export interface DeploymentMachines {
  readonly instanceType: string;
  readonly instances: number;
}

/** The deployment of a project, for models that are made that way; a text says why it cannot be read. */
export async function deploymentMachines(
  repo: string,
  project: string,
  sets: readonly string[],
  variant: Variant = "pipeline",
): Promise<DeploymentMachines | string> {
  const files = diskFiles(repo);
  const found = findFile(VARIANTS[variant].deployment, files.resolve(".", project), files);
  if (!("path" in found)) return `${project}: ${found.none}`;
  const read = await readAsset(join(project, found.path), files, { kind: "onlineDeployment", sets: [...sets] });
  if (!read.ok) return read.problems.map(formatProblem).join("; ");
  const { sku, properties } = read.asset.body as { sku?: { capacity?: number }; properties?: { instanceType?: string } };
  return { instanceType: properties?.instanceType ?? usualSize, instances: sku?.capacity ?? 1 };
}
