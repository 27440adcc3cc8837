// How the train speaks to people: verdicts, tables of releases, what an approver reads.
import pc from "picocolors";
import type { GateVerdict } from "../../core/manifest.ts";

/** One line a rule: mark, rule, what was found. */
export function verdictLines(verdicts: readonly GateVerdict[]): string {
  const width = Math.max(0, ...verdicts.map(({ rule }) => rule.length));
  return verdicts
    .map(({ rule, passed, message }) => `  ${passed ? pc.green("✓") : pc.red("✗")} ${rule.padEnd(width)}  ${message}`)
    .join("\n");
}

/** `12.3 s`, `4 min 10 s` */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 90 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** First digits of a digest, enough for people. */
export const short = (digest: string): string => digest.slice(0, 12);
