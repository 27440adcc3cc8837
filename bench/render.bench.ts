// What `mlops render` takes for 400 files in one call: the fixtures of the comparison with the SDK, over and over.
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./figures.ts";
import type { Figure } from "./figures.ts";

const repo = fileURLToPath(new URL("..", import.meta.url));
const FILES = 400;
const ROUNDS = 5;

/** Takes about 15 s. */
export function measure(report: (line: string) => void): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "mlops-render-"));
  try {
    const files = manyFiles(folder);
    const times = Array.from({ length: ROUNDS }, () => seconds(files));
    report(`${FILES} files: ${times.map((time) => `${time.toFixed(2)} s`).join(", ")}`);
    const how = `median of ${ROUNDS} calls of the command, its start included`;
    return Promise.resolve([
      { name: `render of ${FILES} files of all kinds in one call`, value: median(times), unit: "s", atMost: 5, how },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Copies beside the originals, since their paths are relative. Those that need overrides are left out. */
function manyFiles(folder: string): string[] {
  cpSync(join(repo, "test/sdk/fixtures"), folder, { recursive: true });
  const originals = globSync("*/*.yml", { cwd: folder })
    .filter((name) => !/^(files|components|refused)\W|set\.yml$/.test(name))
    .toSorted();
  return Array.from({ length: FILES }, (_, index) => {
    const original = originals[index % originals.length]!;
    const copy = original.replace(/\.yml$/, `.copy${index}.yml`);
    cpSync(join(folder, original), join(folder, copy));
    return join(folder, copy);
  });
}

function seconds(files: readonly string[]): number {
  const start = performance.now();
  const done = spawnSync(process.execPath, [join(repo, "release/main.ts"), "render", ...files], { encoding: "utf8", maxBuffer: 1 << 28 });
  const time = (performance.now() - start) / 1000;
  if (done.status !== 0) throw new Error(`render failed:\n${done.stderr}`);
  return time;
}
