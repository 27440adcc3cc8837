// `mlops render`: one JSON line a file, or everything that is wrong with the files.
import type { Files } from "./files.ts";
import type { Problem } from "./problems.ts";
import { newSession, readAsset } from "./read.ts";
import type { Kind, Noun } from "./asset.ts";

export interface Rendered {
  /** `{"path","kind","name","version","body"}`, one for each good file, in the order asked for. */
  lines: string[];
  /** Of all bad files. */
  problems: Problem[];
}

/** Renders many files with the same overrides. Sends nothing anywhere. */
export async function renderFiles(paths: readonly string[], sets: readonly string[], files: Files, kind?: Kind | Noun): Promise<Rendered> {
  const session = newSession();
  const rendered: Rendered = { lines: [], problems: [] };
  for (const path of paths) {
    const result = await readAsset(path, files, { sets, kind, session });
    if (result.ok) {
      const { asset } = result;
      rendered.lines.push(toJson({ path: asset.path, kind: asset.kind, name: asset.name, version: asset.version, body: asset.body }));
    } else rendered.problems.push(...result.problems);
  }
  return rendered;
}

// Integers beyond 2^53 are written out in full.
const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === "bigint" ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(item.toString()) : item,
  );
