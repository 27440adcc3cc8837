// The values a YAML file holds, as Python's loader (PyYAML, YAML 1.1) sees them: 1 and 1.0 differ, dates are not strings.

/** A floating-point number. Kept apart from integers, because `version: 1.0` is the version "1.0". */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** As Python's `str()` writes it: 1.0, 1e-05, inf. */
  toString(): string {
    return pythonFloat(this.value);
  }
}

/** A date or a time stamp, which PyYAML makes of an unquoted 2024-01-31. */
export class Stamp {
  /** As Python's `isoformat()` writes it. */
  readonly iso: string;
  /** As Python's `str()` writes it: a blank between date and time. */
  readonly text: string;

  constructor(iso: string) {
    this.iso = iso;
    this.text = iso.replace("T", " ");
  }

  toString(): string {
    return this.text;
  }
}

export type YamlMap = Map<Yaml, Yaml>;
/** Integers beyond 2^53 are bigint. */
export type Yaml = null | boolean | number | bigint | string | Float | Stamp | Yaml[] | YamlMap;

export const isMap = (value: unknown): value is YamlMap => value instanceof Map;

/** Python's name for the type of a value, in the words of a message. */
export function typeName(value: Yaml | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "boolean") return "a boolean";
  if (typeof value === "number" || typeof value === "bigint") return "an integer";
  if (typeof value === "string") return "a string";
  if (value instanceof Float) return "a float";
  if (value instanceof Stamp) return "a date";
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** The value as a message shows it: one line, at most 80 characters. */
export function showValue(value: Yaml | undefined): string {
  if (value === undefined) return "";
  const text =
    isMap(value) || Array.isArray(value)
      ? JSON.stringify(plain(value), bigAsText)
      : typeof value === "string"
        ? JSON.stringify(value)
        : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const bigAsText = (_: string, item: unknown): unknown => (typeof item === "bigint" ? String(item) : item);

/** `str(value)` of Python. */
export function pythonString(value: Yaml): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (isMap(value)) return `{${[...value].map(([key, item]) => `${pythonRepr(key)}: ${pythonRepr(item)}`).join(", ")}}`;
  return String(value);
}

/** `repr(value)` of Python. */
export function pythonRepr(value: Yaml): string {
  if (typeof value !== "string") return pythonString(value);
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  return quote + value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll(quote, `\\${quote}`) + quote;
}

/** `repr(float)` of Python, the shortest text that reads back as the same number. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "0", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const text = power >= 21 ? BigInt(value).toString() : String(value);
  return /[.e]/.test(text) ? decimal(value, text) : `${text}.0`;
}

// JavaScript writes 1e-7 for what Python's rule above has already sent elsewhere, and 0.00001 only from 1e-6 on.
const decimal = (value: number, text: string): string => (text.includes("e") ? value.toFixed(20).replace(/0+$/, "") : text);

/** The value as JSON carries it: floats as numbers, dates as ISO text, keys as text in the way of Python's `json`. */
export function plain(value: Yaml): unknown {
  if (value instanceof Float) return value.value;
  if (value instanceof Stamp) return value.iso;
  if (Array.isArray(value)) return value.map(plain);
  if (isMap(value)) {
    const result: Record<string, unknown> = {};
    for (const [key, item] of value) put(result, jsonKey(key), plain(item));
    return result;
  }
  return value;
}

/** A mapping's key as JSON text writes it. */
export function jsonKey(key: Yaml): string {
  if (key === null) return "null";
  if (typeof key === "boolean") return String(key);
  return pythonString(key);
}

/** Sets a property by any name, `__proto__` too. */
export function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
