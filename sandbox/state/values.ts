// Reading values of unknown shape out of kept JSON.

/** A string as it is, nothing as "", anything else as JSON. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
