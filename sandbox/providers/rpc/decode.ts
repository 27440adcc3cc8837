// Protobuf messages to plain values.
import type { Fields, Kind, Message } from "./protobuf.ts";

const text = new TextDecoder();

/** Plain values of a message; fields that were not sent are missing, except repeated ones and maps, which are empty. */
export function decode(bytes: Uint8Array, message: Message): Fields {
  const reader = new Reader(bytes);
  return reader.message(message, bytes.length);
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  message(message: Message, end: number): Fields {
    const fields: Fields = {};
    while (this.#at < end) {
      const tag = this.#varint();
      const field = message[tag >>> 3];
      if (!field) this.#skip(tag & 7);
      else this.#field(fields, field[0], field[1]);
    }
    return fields;
  }

  #field(fields: Fields, name: string, kind: Kind): void {
    if (!Array.isArray(kind)) fields[name] = this.#value(kind);
    else if (kind[0] === "repeated") ((fields[name] ??= []) as unknown[]).push(this.#value(kind[1]));
    else {
      const entry = this.message({ 1: ["key", "string"], 2: ["value", kind[1]] }, this.#end());
      ((fields[name] ??= {}) as Fields)[entry["key"] as string] = entry["value"];
    }
  }

  #value(kind: Kind): unknown {
    switch (kind) {
      case "string":
        return this.#string();
      case "bytes": {
        const end = this.#end();
        const from = this.#at;
        this.#at = end;
        return this.#bytes.subarray(from, end);
      }
      case "bool":
        return this.#varint() !== 0;
      case "enum":
        return this.#varint();
      case "double":
        return this.#double();
      case "struct":
        return this.#struct(this.#end());
      default:
        return this.message(kind as Message, this.#end());
    }
  }

  /** Struct: a map from field 1; its values are oneofs of null 1, number 2, string 3, bool 4, struct 5, list 6. */
  #struct(end: number): Fields {
    const fields: Fields = {};
    while (this.#at < end) {
      this.#varint();
      const entryEnd = this.#end();
      let key = "";
      let value: unknown = null;
      while (this.#at < entryEnd) {
        if (this.#varint() >>> 3 === 1) key = this.#string();
        else value = this.#structValue(this.#end());
      }
      fields[key] = value;
    }
    return fields;
  }

  #structValue(end: number): unknown {
    let value: unknown = null;
    while (this.#at < end) {
      const field = this.#varint() >>> 3;
      if (field === 2) value = this.#double();
      else if (field === 3) value = this.#string();
      else if (field === 4) value = this.#varint() !== 0;
      else if (field === 5) value = this.#struct(this.#end());
      else if (field === 6) value = this.#list(this.#end());
      else this.#varint();
    }
    return value;
  }

  #list(end: number): unknown[] {
    const items: unknown[] = [];
    while (this.#at < end) {
      this.#varint();
      items.push(this.#structValue(this.#end()));
    }
    return items;
  }

  #string(): string {
    const end = this.#end();
    const from = this.#at;
    this.#at = end;
    return text.decode(this.#bytes.subarray(from, end));
  }

  #double(): number {
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  /** Where the length-delimited field that begins here ends. */
  #end(): number {
    const length = this.#varint();
    return this.#at + length;
  }

  /** Up to 2^53; negative enum values do not occur in this protocol. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  #skip(wireType: number): void {
    if (wireType === 0) this.#varint();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) this.#at = this.#end();
    else if (wireType === 5) this.#at += 4;
    else throw new Error(`unknown protobuf wire type ${wireType}`);
  }
}
