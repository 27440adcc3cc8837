// Values of JSON bodies and kept properties as text.

/** Texts as they are, numbers and booleans as they are written, objects as JSON; `otherwise` for what is missing. */
export function textOf(value: unknown, otherwise = ""): string {
  if (value === undefined || value === null) return otherwise;
  return typeof value === "string" ? value : JSON.stringify(value);
}
