// The provider over gRPC, as the engine speaks to it.
import { createRequire } from "node:module";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { serve } from "./server.ts";
import type { ResourceKind } from "./kind.ts";

const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));
const grpc = require("@grpc/grpc-js");
const { ResourceProviderClient } = require("./proto/provider_grpc_pb.js");
const messages = require("./proto/provider_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");

const seen: unknown[] = [];
const box: ResourceKind<{ size: number; where: { x: string } }> = {
  type: "mlops:test:Box",
  check: ({ size }) => (size > 9 ? [{ property: "size", reason: `${size} is too big` }] : []),
  diff: ({ inputs }, { size, where }) => [
    ...(inputs.size === size ? [] : [{ path: "size", kind: "update" as const }]),
    ...(inputs.where.x === where.x ? [] : [{ path: "where.x", kind: "update" as const, replace: true }]),
  ],
  foresee: ({ size }) => ({ area: size * size }),
  create: async (inputs) => ({ id: `box-${inputs.size}`, outputs: { area: inputs.size ** 2, made: true } }),
  update: async (existing, inputs) => {
    seen.push(existing);
    return { area: inputs.size ** 2 };
  },
  read: async ({ id, inputs }) => (id === "gone" ? undefined : { inputs: { ...inputs, size: 7 }, outputs: { area: 49 } }),
  delete: async ({ id }) => {
    if (id === "stuck") throw new Error("it is stuck; unstick it");
  },
};

/** Protobuf's own classes have no types here. */
// oxlint-disable-next-line no-explicit-any
type Loose = any;

let client: Loose;
let stop: () => Promise<void>;

beforeAll(async () => {
  const served = await serve([box], undefined, "1.2.3");
  stop = served.stop;
  client = new ResourceProviderClient(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await stop();
});

const urn = "urn:pulumi:dev::p::mlops:outer:Thing$mlops:test:Box::b";
const struct = (value: object): unknown => Struct.fromJavaScript(value);

/** Sends one request; the fields are set by name. */
function ask(method: string, type: string, fields: Record<string, unknown>): Promise<Loose> {
  const request = new messages[type]();
  for (const [name, value] of Object.entries({ Urn: urn, ...fields })) if (value !== undefined) request[`set${name}`](value);
  return new Promise((resolve, reject) =>
    client[method](request, (error: Error | null, response: Loose) => (error ? reject(error) : resolve(response))),
  );
}

const inputs = { size: 3, where: { x: "here" } };

test("check passes the inputs on, or the reason at the property", async () => {
  const good = await ask("check", "CheckRequest", { News: struct(inputs) });
  expect(good.getInputs().toJavaScript()).toEqual(inputs);
  expect(good.getFailuresList()).toEqual([]);
  const bad = await ask("check", "CheckRequest", { News: struct({ ...inputs, size: 10 }) });
  expect(bad.getFailuresList().map((f: Loose) => [f.getProperty(), f.getReason()])).toEqual([["size", "10 is too big"]]);
});

test("diff is detailed, and names what replaces", async () => {
  const fields = { Id: "b", Olds: struct({ ...inputs, area: 9 }), OldInputs: struct(inputs) };
  const none = await ask("diff", "DiffRequest", { ...fields, News: struct(inputs) });
  expect(none.getChanges()).toBe(messages.DiffResponse.DiffChanges.DIFF_NONE);
  const some = await ask("diff", "DiffRequest", { ...fields, News: struct({ size: 4, where: { x: "there" } }) });
  expect(some.getChanges()).toBe(messages.DiffResponse.DiffChanges.DIFF_SOME);
  expect(some.getReplacesList()).toEqual(["where.x"]);
  const { UPDATE, UPDATE_REPLACE } = messages.PropertyDiff.Kind;
  expect([...some.getDetaileddiffMap().toArray()].map(([path, d]: Loose) => [path, d[0]])).toEqual([
    ["size", UPDATE],
    ["where.x", UPDATE_REPLACE],
  ]);
});

test("create at preview makes nothing and tells what is known", async () => {
  const preview = await ask("create", "CreateRequest", { Properties: struct(inputs), Preview: true });
  expect([preview.getId(), preview.getProperties().toJavaScript()]).toEqual(["", { ...inputs, area: 9 }]);
  const made = await ask("create", "CreateRequest", { Properties: struct(inputs) });
  expect([made.getId(), made.getProperties().toJavaScript()]).toEqual(["box-3", { ...inputs, area: 9, made: true }]);
});

test("update gets the old inputs and returns the new state", async () => {
  const updated = await ask("update", "UpdateRequest", {
    Id: "b",
    Olds: struct({ ...inputs, area: 9 }),
    OldInputs: struct(inputs),
    News: struct({ ...inputs, size: 5 }),
  });
  expect(updated.getProperties().toJavaScript()).toEqual({ ...inputs, size: 5, area: 25 });
  expect(seen).toEqual([{ id: "b", inputs, outputs: { ...inputs, area: 9 } }]);
});

test("read tells drift; what is gone has no id", async () => {
  const fields = { Properties: struct({ ...inputs, area: 9 }), Inputs: struct(inputs) };
  const read = await ask("read", "ReadRequest", { Id: "b", ...fields });
  expect(read.getInputs().toJavaScript()).toEqual({ ...inputs, size: 7 });
  expect((await ask("read", "ReadRequest", { Id: "gone", ...fields })).getId()).toBe("");
});

test("an error is its message, and an unknown type is refused by name", async () => {
  await expect(ask("delete", "DeleteRequest", { Id: "stuck", Properties: struct(inputs) })).rejects.toThrow(/it is stuck; unstick it/);
  const other = { Urn: "urn:pulumi:dev::p::mlops:test:Bag::b", News: struct(inputs) };
  await expect(ask("check", "CheckRequest", other)).rejects.toThrow(
    /mlops:test:Bag is not a type of the mlops provider; it has mlops:test:Box/,
  );
});

test("has one function, which only says that the provider is there", async () => {
  await expect(ask("invoke", "InvokeRequest", { Urn: undefined, Tok: "mlops:index:ready" })).resolves.toBeDefined();
  await expect(ask("invoke", "InvokeRequest", { Urn: undefined, Tok: "mlops:index:other" })).rejects.toThrow(
    "mlops:index:other is not a function of the mlops provider",
  );
});
