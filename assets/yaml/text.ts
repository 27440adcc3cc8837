// The text of a file: there, short enough, UTF-8.
import type { Files } from "../files.ts";
import { ProblemsError } from "../problems.ts";

/** Azure Resource Manager takes no request over 4 MB, so no file that describes one can be longer. */
export const MAX_BYTES = 4 * 1024 * 1024;

/** The text of a file, checked to be UTF-8 and of a sane length. */
export function readText(files: Files, path: string, shown: string): string {
  const whole = (rule: string, fix: string, value = "") =>
    new ProblemsError([{ file: shown, line: 1, column: 1, field: "", value, rule, fix }]);
  const stat = files.stat(path);
  if (!stat) throw whole("no such file", "check the path; it is taken from the current folder");
  if (stat.type === "folder") throw whole("is a folder, not a YAML file", "name a file in it");
  if (stat.size > MAX_BYTES)
    throw whole(
      `a file has at most ${MAX_BYTES / 1024 / 1024} MB, Azure Resource Manager's limit of a request`,
      "move data out of the YAML and refer to it by path",
      `${(stat.size / 1024 / 1024).toFixed(1)} MB`,
    );
  let bytes: Uint8Array;
  try {
    bytes = files.read(path);
  } catch (error) {
    throw whole(
      `cannot be read (${error instanceof Error ? error.message : String(error)})`,
      "check that the file is there and may be read",
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const { line, column, byte } = firstBadByte(bytes);
    throw new ProblemsError([
      {
        file: shown,
        line,
        column,
        field: "",
        value: `byte 0x${byte.toString(16).padStart(2, "0")}`,
        rule: "is not UTF-8",
        fix: "save the file as UTF-8",
      },
    ]);
  }
}

function firstBadByte(bytes: Uint8Array): { line: number; column: number; byte: number } {
  // The longest prefix that decodes, by halving: what follows it is the bad byte.
  let low = 0;
  let high = bytes.length;
  const decodes = (end: number) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (decodes(middle)) low = middle;
    else high = middle - 1;
  }
  // A character that breaks off is bad from its first byte on.
  while (low > 0 && new TextDecoder("utf-8").decode(bytes.subarray(0, low)).endsWith("\uFFFD")) low--;
  const before = new TextDecoder("utf-8").decode(bytes.subarray(0, low)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, byte: bytes[low] ?? 0 };
}
