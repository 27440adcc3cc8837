// Which Pythons this machine has, and the nearest one to what an environment asks for.
import { runUv } from "./uv.ts";

export interface Python {
  /** `3.11` */
  readonly minor: string;
  /** `3.11.7` */
  readonly version: string;
  readonly path: string;
}

/** Installed CPythons as uv finds them, newest first, one a minor version. Python below 3.8 cannot be used by uv. */
export async function installedPythons(): Promise<Python[]> {
  const { stdout } = await runUv(["python", "list", "--only-installed", "--output-format", "json"], {});
  const listed = JSON.parse(stdout) as { path: string | null; version: string; implementation: string; variant?: string }[];
  const pythons: Python[] = [];
  for (const { path, version, implementation, variant } of listed) {
    const minor = /^(\d+\.\d+)\.\d+$/.exec(version)?.[1];
    if (!minor || !path || implementation !== "cpython" || (variant ?? "default") !== "default") continue;
    if (!pythons.some((python) => python.minor === minor)) pythons.push({ minor, version, path });
  }
  return pythons.sort((a, b) => order(b.minor) - order(a.minor));
}

/**
 * The Python to build with: the wanted minor version when it is installed (found at once), else the nearest one.
 * Undefined when the machine has none that uv can use.
 */
export async function findPython(wanted: string | undefined): Promise<Python | undefined> {
  const minor = wanted ?? usual;
  let found = known.get(minor);
  if (!found) known.set(minor, (found = look(minor)));
  return await found;
}

const known = new Map<string, Promise<Python | undefined>>();

async function look(minor: string): Promise<Python | undefined> {
  const { code, stdout } = await runUv(["python", "find", "--no-project", minor], { accept: true });
  const path = stdout.trim();
  if (code !== 0 || path === "") return nearestPython(minor, await installedPythons());
  const version = (await runUv(["python", "find", "--no-project", "--show-version", path], {})).stdout.trim();
  return { minor: version.split(".").slice(0, 2).join("."), version, path };
}

/** The installed Python nearest to the wanted minor version; of two equally near the newer. Without a wish: the one that most wheels exist for. */
export function nearestPython(wanted: string | undefined, installed: readonly Python[]): Python | undefined {
  const aim = order(wanted ?? usual);
  return [...installed].sort(
    (a, b) => Math.abs(order(a.minor) - aim) - Math.abs(order(b.minor) - aim) || order(b.minor) - order(a.minor),
  )[0];
}

/** The version that most wheels exist for. */
const usual = "3.11";

const order = (minor: string): number => {
  const [major, rest] = minor.split(".").map(Number);
  return (major ?? 0) * 100 + (rest ?? 0);
};
