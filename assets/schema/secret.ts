// Fields that hold secrets: what is wrong with them is said without the value.
import type { Field } from "./field.ts";
import { typeName } from "../yaml/value.ts";

/** `fields.Str` for a key, a token or a password. */
export const secret: Field<string> = {
  expects: "a string",
  load: (value, at) => (typeof value === "string" ? value : at.fail(`must be a string, not ${typeName(value)}`, "put it in quotes")),
};

/** A field with secrets somewhere in it: no problem inside shows a value. */
export function confidential<T>(field: Field<T>): Field<T> {
  return {
    ...field,
    load(value, at) {
      const inside = at.trial();
      const loaded = field.load(value, inside);
      at.problems.push(...inside.problems.map((problem) => ({ ...problem, value: "" })));
      return loaded;
    },
  };
}
