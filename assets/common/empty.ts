// Empty mappings and nulls, which the SDK leaves out of components and nodes (its `convert_ordered_dict_to_dict`).
import { isMap, type Yaml } from "../yaml/value.ts";

/** A copy without nulls and empty mappings, at every depth. Marks and lists that became empty stay. */
export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty).filter((item) => !isEmpty(item));
  if (isMap(value))
    return new Map([...value].map(([key, item]) => [key, withoutEmpty(item) as Yaml] as const).filter(([, item]) => !isEmpty(item)));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, withoutEmpty(item)] as const)
      .filter(([, item]) => !isEmpty(item)),
  );
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (isMap(value)) return value.size === 0;
  return typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0;
}
