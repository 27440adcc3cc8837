// The console log of a scoring process: written by the process itself, turned over here, read back by getLogs.
import { closeSync, copyFileSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync, truncateSync } from "node:fs";

/** A log is turned over at this size; one older part is kept beside it as `.1`. */
export const LOG_LIMIT = 8 * 1024 * 1024;

/**
 * Turns a log over that has grown beyond the limit. The process keeps its handle (it writes with O_APPEND), so the text
 * is copied away and the file cut: no line passes through the sandbox, which would cost time on every request.
 */
export function turnOver(file: string, limit: number = LOG_LIMIT): boolean {
  if (!existsSync(file) || statSync(file).size <= limit) return false;
  copyFileSync(file, `${file}.part`);
  renameSync(`${file}.part`, `${file}.1`);
  truncateSync(file, 0);
  return true;
}

/** The last lines of a log and, where they are too few, of its older part. Empty when there is none. */
export function tail(file: string, lines: number): string {
  const recent = lastLines(file, lines);
  if (recent.length >= lines) return recent.join("\n");
  return [...lastLines(`${file}.1`, lines - recent.length), ...recent].join("\n");
}

function lastLines(file: string, lines: number): string[] {
  if (lines <= 0 || !existsSync(file)) return [];
  const handle = openSync(file, "r");
  try {
    const chunk = 64 * 1024;
    let position = fstatSync(handle).size;
    let text = Buffer.alloc(0);
    let breaks = 0;
    while (position > 0 && breaks <= lines) {
      const length = Math.min(chunk, position);
      position -= length;
      const part = Buffer.alloc(length);
      readSync(handle, part, 0, length, position);
      for (const byte of part) if (byte === 10) breaks++;
      text = Buffer.concat([part, text]);
    }
    const found = text.toString("utf8").split("\n");
    if (found.at(-1) === "") found.pop();
    return found.slice(-lines);
  } finally {
    closeSync(handle);
  }
}
