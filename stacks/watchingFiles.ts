// The files that watching a stage needs; read with all others, before any resource is declared.
import type { Asset } from "../assets/index.ts";
import type { StageSettings } from "../settings/stage.ts";
import type { Project } from "./project.ts";

/** The read files of a stage that watches. */
export interface WatchingFiles {
  readonly monitor?: Asset;
  /** Data assets that the monitor compares with and that training has not put into this workspace. */
  readonly references: readonly Asset[];
}

type Settings = Pick<StageSettings, "monitor" | "training" | "modelVersion">;

export async function readWatching(project: Project, settings: Settings): Promise<WatchingFiles> {
  const file = settings.monitor.enabled ? project.find("monitor") : undefined;
  const monitor = file && (await project.read(file, "schedule"));
  if (!monitor) return { references: [] };
  const named = new Set(monitor.references.map(({ text }) => text.replace(/^azureml:/, "")));
  const references = settings.training
    ? []
    : (await project.readAll("data", "data")).filter(({ name, version }) => named.has(`${name}:${version}`));
  return { monitor, references };
}
