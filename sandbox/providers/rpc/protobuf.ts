// What a protobuf message looks like to decode.ts and encode.ts: the few of the plugin protocol, straight between bytes and plain values.
// The generated classes of google-protobuf cost a preview of 35 resources about 100 ms: they build an object for every value.
// protobuf.test.ts holds these two against them.

/** A field's kind. `struct` is google.protobuf.Struct as plain JSON values; a list writes or collects repeated ones. */
export type Kind =
  | "string"
  | "bytes"
  | "bool"
  | "enum"
  | "double"
  | "struct"
  | Message
  | readonly ["repeated", Kind]
  | readonly ["map", Kind];

/** Field number → name and kind. Fields that are not listed are skipped. */
export type Message = { readonly [number: number]: readonly [name: string, kind: Kind] };

export type Fields = { [name: string]: unknown };
