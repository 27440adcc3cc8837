// Which type a plain scalar has, by the rules of PyYAML's SafeLoader (resolver.py and constructor.py of PyYAML 6).
import { Float, Stamp, type Yaml } from "./value.ts";

const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INT = /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const STAMP = /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::?(\d\d))?))?)?$/;
const STAMP_PLAIN =
  /^(?:\d\d\d\d-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;

/** What PyYAML's implicit resolvers make of a plain scalar. Throws where PyYAML does. */
export function plainScalar(text: string): Yaml {
  if (NULL.test(text)) return null;
  if (BOOL.test(text)) return toBool(text);
  if (INT.test(text)) return toInt(text);
  if (FLOAT.test(text)) return toFloat(text);
  if (STAMP_PLAIN.test(text)) return toStamp(text);
  if (text === "<<") throw new Error("`<<` merges mappings, which only a key can do");
  if (text === "=") throw new Error('a lone "=" is YAML 1.1\'s default-value mark, which cannot be loaded');
  return text;
}

/** A scalar with an explicit core tag, such as `!!int "3"`; undefined for a tag that is none of the core's. */
export function taggedScalar(tag: string, text: string): Yaml | undefined {
  switch (tag.replace(/^tag:yaml\.org,2002:|^!!/, "")) {
    case "str":
      return text;
    case "null":
      return null;
    case "bool":
      return toBool(text);
    case "int":
      return toInt(text);
    case "float":
      return toFloat(text);
    case "timestamp":
      return toStamp(text);
    default:
      return undefined;
  }
}

function toBool(text: string): boolean {
  if (!BOOL.test(text)) throw new Error(`${JSON.stringify(text)} is not a boolean`);
  return /^(?:yes|true|on)$/i.test(text);
}

function toInt(text: string): number | bigint {
  const digits = text.replaceAll("_", "");
  const negative = digits.startsWith("-");
  const body = digits.replace(/^[-+]/, "");
  let value: bigint;
  if (body.includes(":")) value = body.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  else if (/^0[bx]/.test(body)) value = BigInt(body);
  else if (body.length > 1 && body.startsWith("0")) value = BigInt(`0o${body.slice(1)}`);
  else value = BigInt(body);
  if (negative) value = -value;
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function toFloat(text: string): Float {
  const digits = text.replaceAll("_", "").toLowerCase();
  const sign = digits.startsWith("-") ? -1 : 1;
  const body = digits.replace(/^[-+]/, "");
  if (body === ".inf") return new Float(sign * Infinity);
  if (body === ".nan") return new Float(NaN);
  if (body.includes(":")) return new Float(sign * body.split(":").reduce((sum, part) => sum * 60 + Number(part), 0));
  const value = Number(body);
  if (body === "" || Number.isNaN(value)) throw new Error(`${JSON.stringify(text)} is not a number`);
  return new Float(sign * value);
}

function toStamp(text: string): Stamp {
  const match = STAMP.exec(text);
  if (!match) throw new Error(`${JSON.stringify(text)} is not a date`);
  const [, year = "", month = "", day = "", hour, minute = "", second = "", fraction = "", zone, sign, zoneHour = "0", zoneMinute = "0"] =
    match;
  const date = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const check = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(check.getTime()) || check.getUTCDate() !== Number(day)) throw new Error(`${text} is no day of the calendar`);
  if (hour === undefined) return new Stamp(date);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw new Error(`${text} is no time of the day`);
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  const tail = Number(micros) ? `.${micros}` : "";
  const offset = zone === undefined ? "" : sign ? `${sign}${zoneHour.padStart(2, "0")}:${zoneMinute.padStart(2, "0")}` : "+00:00";
  return new Stamp(`${date}T${hour.padStart(2, "0")}:${minute}:${second}${tail}${offset}`);
}
