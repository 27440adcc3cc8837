// What serving takes from the sandbox's other rooms: where an asset's bytes are, their download, Python environments.
import type { BlobLocation, SandboxContext } from "../core.ts";

export interface PythonEnvironment {
  readonly python: string;
  readonly binDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** The parts of an environment's definition that decide how a deployment uses it. */
export interface EnvironmentFacts {
  readonly label: string;
  readonly condaFile?: string | null | undefined;
  readonly build?: unknown;
  /** Routes of a custom container (`inferenceConfig`). */
  readonly inferenceConfig?: unknown;
}

/** Injected, so that serving can be tested without them. `owner` is the ARM id of the workspace that short names belong to. */
export interface Parts {
  locate(sandbox: SandboxContext, reference: string, owner: string): BlobLocation;
  /** A file as `dir/<name>`, a folder's content into `dir`. */
  download(sandbox: SandboxContext, location: BlobLocation, dir: string): Promise<{ readonly kind: "file" | "folder" }>;
  ensureEnvironment(
    sandbox: SandboxContext,
    environment: { readonly condaFile: string } | string,
    log: (line: string) => void,
    signal: AbortSignal | undefined,
    options: { readonly workspaceId: string; readonly extra?: readonly string[] },
  ): Promise<PythonEnvironment>;
  describeEnvironment(sandbox: SandboxContext, reference: string, owner: string): EnvironmentFacts;
}

/** The workspace of an endpoint or a deployment. */
export function workspaceOf(id: string): string {
  return /^.*?\/workspaces\/[^/]+/i.exec(id)?.[0] ?? id;
}
