// Plain values to protobuf messages.
import type { Fields, Kind, Message } from "./protobuf.ts";

/** A message's bytes. Undefined fields and those at their type's default are left out, as proto3 does; empty structs are not. */
export function encode(fields: Fields, message: Message): Buffer {
  const writer = new Writer();
  writer.message(fields, message);
  return writer.bytes();
}

class Writer {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  message(fields: Fields, message: Message): void {
    for (const [number, [name, kind]] of Object.entries(message)) {
      const value = fields[name];
      if (value === undefined) continue;
      if (Array.isArray(kind) && kind[0] === "map") {
        for (const [key, item] of Object.entries(value as Fields)) {
          this.#delimited(Number(number), () =>
            this.message({ key, value: item }, { 1: ["key", "string"], 2: ["value", kind[1] as Kind] }),
          );
        }
      } else if (Array.isArray(kind)) for (const item of value as unknown[]) this.#field(Number(number), kind[1] as Kind, item);
      else if (value !== "" && value !== false && value !== 0) this.#field(Number(number), kind, value);
    }
  }

  #field(number: number, kind: Kind, value: unknown): void {
    switch (kind) {
      case "string":
        return this.#string(number, value as string);
      case "bytes":
        return this.#delimited(number, () => this.#raw(value as Uint8Array));
      case "bool":
      case "enum":
        this.#varint(number * 8);
        return this.#varint(Number(value));
      case "double":
        return this.#double(number, value as number);
      case "struct":
        return this.#delimited(number, () => this.#struct(value as Fields));
      default:
        return this.#delimited(number, () => this.message(value as Fields, kind as Message));
    }
  }

  #struct(fields: Fields): void {
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      this.#delimited(1, () => {
        this.#string(1, key);
        this.#delimited(2, () => this.#structValue(value));
      });
    }
  }

  #structValue(value: unknown): void {
    if (value === null || value === undefined) {
      this.#varint(1 * 8);
      this.#varint(0);
    } else if (typeof value === "number") this.#double(2, value);
    else if (typeof value === "string") this.#string(3, value);
    else if (typeof value === "boolean") {
      this.#varint(4 * 8);
      this.#varint(value ? 1 : 0);
    } else if (Array.isArray(value)) {
      this.#delimited(6, () => {
        for (const item of value) this.#delimited(1, () => this.#structValue(item));
      });
    } else this.#delimited(5, () => this.#struct(value as Fields));
  }

  /** The length is known only afterwards: room for one byte, moved when it needs more. */
  #delimited(number: number, write: () => void): void {
    this.#varint(number * 8 + 2);
    const at = this.#length;
    this.#reserve(1);
    this.#length++;
    write();
    const length = this.#length - at - 1;
    let size = 1;
    for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) size++;
    if (size > 1) {
      this.#reserve(size - 1);
      this.#buffer.copyWithin(at + size, at + 1, this.#length);
      this.#length += size - 1;
    }
    let rest = length;
    for (let i = 0; i < size; i++, rest = Math.floor(rest / 128)) this.#buffer[at + i] = (rest % 128) | (i < size - 1 ? 128 : 0);
  }

  #string(number: number, value: string): void {
    this.#varint(number * 8 + 2);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#length += this.#buffer.write(value, this.#length);
  }

  #double(number: number, value: number): void {
    this.#varint(number * 8 + 1);
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#buffer[this.#length++] = (rest % 128) | 128;
    this.#buffer[this.#length++] = rest;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + more));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
