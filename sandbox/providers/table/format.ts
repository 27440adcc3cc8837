// The compact table that the provider reads at run time; made once by generate.ts from the SDK's declarations and the catalog.

/**
 * A type of a value: "s" string, "n" number, "b" boolean, "*" anything, "a" asset, "set" a list of names that REST writes as an
 * object with those keys (userAssignedIdentities); `{c}` one constant; `{e}` one of an enum's
 * values; `{l}` list; `{m}` map by string; `{o}` one of; `{t}` object type by name (`OtherModule.Name` when not of this module).
 */
export type Shape =
  | "s"
  | "n"
  | "b"
  | "*"
  | "a"
  | "set"
  | { readonly c: string | number | boolean }
  | { readonly e: readonly (string | number)[] }
  | { readonly l: Shape }
  | { readonly m: Shape }
  | { readonly o: readonly Shape[] }
  | { readonly t: string };

/** An object's properties under their SDK names. */
export interface ObjectTable {
  readonly p: Readonly<Record<string, Shape>>;
  /** Required ones. */
  readonly r?: readonly string[];
  /** Where in the REST object they stand, when not under their own name. */
  readonly w?: Readonly<Record<string, readonly string[]>>;
}

/** A resource: what it takes, what it gives back. */
export interface ResourceTable {
  readonly api: string;
  readonly in: ObjectTable;
  readonly out: ObjectTable;
}

export interface FunctionTable {
  readonly api: string;
  readonly in: ObjectTable;
  readonly out: ObjectTable;
}

/** One module of azure-native, one JSON file. */
export interface ModuleTable {
  readonly resources: Readonly<Record<string, ResourceTable>>;
  readonly functions: Readonly<Record<string, FunctionTable>>;
  /** Input types end in `Args`, output types in `Response`. */
  readonly types: Readonly<Record<string, ObjectTable>>;
}
