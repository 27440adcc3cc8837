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

/** The installed Python nearest to the wanted minor version; of two equally near the newer. Without a wish: the one that most wheels exist for. */
export function nearestPython(wanted: string | undefined, installed: readonly Python[]): Python | undefined {
  const aim = order(wanted ?? "3.11");
  return [...installed].sort((a, b) => Math.abs(order(a.minor) - aim) - Math.abs(order(b.minor) - aim) || order(b.minor) - order(a.minor))[0];
}

const order = (minor: string): number => {
  const [major, rest] = minor.split(".").map(Number);
  return (major ?? 0) * 100 + (rest ?? 0);
};
