// The small protobuf against google-protobuf's generated classes: same bytes there and back.
import { expect, test } from "@jest/globals";
import generated from "@pulumi/pulumi/proto/provider_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import * as messages from "./messages.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import type { Message } from "./protobuf.ts";
import { Asset, fromWire, toWire, unknown } from "./values.ts";

const long = "ä€😀".repeat(2_000);
const properties = {
  text: "x",
  empty: "",
  long,
  zero: 0,
  number: -12.5,
  yes: true,
  no: false,
  list: ["a", 1, false, ["b"], { c: 2 }, []],
  object: { deep: { deeper: { deepest: long } }, none: {} },
};
const struct = structs.Struct.fromJavaScript(properties);

test("requests as the engine sends them", () => {
  const options = new generated.CheckRequest.AutonamingOptions();
  options.setProposedName("p");
  options.setMode(generated.CheckRequest.AutonamingOptions.Mode.DISABLE);
  const check = new generated.CheckRequest();
  check.setUrn("urn:pulumi:s::p::t::n");
  check.setNews(struct);
  check.setRandomseed(new Uint8Array([0, 255, 7]));
  check.setName("n");
  check.setAutonaming(options);
  check.setOldOutputs(struct);
  expect(decode(check.serializeBinary(), messages.checkRequest)).toEqual({
    urn: "urn:pulumi:s::p::t::n",
    news: properties,
    randomSeed: new Uint8Array([0, 255, 7]),
    name: "n",
    autonaming: { proposedName: "p", mode: 2 },
  });

  const update = new generated.UpdateRequest();
  update.setId("i");
  update.setOlds(struct);
  update.setTimeout(1.5);
  update.setPreview(true);
  update.addIgnorechanges("a");
  update.setOldInputs(structs.Struct.fromJavaScript({ a: null }));
  expect(decode(update.serializeBinary(), messages.updateRequest)).toEqual({
    id: "i",
    olds: properties,
    timeout: 1.5,
    preview: true,
    oldInputs: { a: null },
  });

  const configure = new generated.ConfigureRequest();
  configure.getVariablesMap().set("azure-native:config:location", "x").set("b", "");
  expect(decode(configure.serializeBinary(), messages.configureRequest)).toEqual({
    variables: { "azure-native:config:location": "x", b: "" },
  });
});

/** Every field that is listed stands under the same number and kind in the generated class. */
test.each([
  ["DiffRequest", messages.diffRequest],
  ["CreateRequest", messages.createRequest],
  ["ReadRequest", messages.readRequest],
  ["DeleteRequest", messages.deleteRequest],
  ["InvokeRequest", messages.invokeRequest],
] as const)("%s, field by field", (name, message: Message) => {
  const generatedNames: Record<string, string> = {
    ...(name === "ReadRequest" && { oldInputs: "Inputs" }),
    news: name === "CreateRequest" ? "Properties" : "News",
    olds: name === "DiffRequest" ? "Olds" : "Properties",
  };
  for (const [field, kind] of Object.values(message)) {
    const request = new generated[name]() as unknown as Record<string, (value: unknown) => void> & { serializeBinary(): Uint8Array };
    const value = { string: "v", struct, double: 2.5, bool: true }[kind as string];
    const setter = `set${generatedNames[field] ?? field[0]!.toUpperCase() + field.slice(1)}`;
    expect([name, setter, typeof request[setter]]).toEqual([name, setter, "function"]);
    request[setter]!(value);
    expect(decode(request.serializeBinary(), message)).toEqual({ [field]: kind === "struct" ? properties : value });
  }
});

test("responses as the engine reads them", () => {
  const diff = encode(
    {
      replaces: ["a"],
      diffs: ["a", "b"],
      changes: messages.DIFF_SOME,
      deleteBeforeReplace: true,
      hasDetailedDiff: true,
      detailedDiff: {
        "a.b": { kind: messages.DIFF_KINDS.update + 1, inputDiff: true },
        c: { kind: messages.DIFF_KINDS.add, inputDiff: true },
      },
    },
    messages.diffResponse,
  );
  const read = generated.DiffResponse.deserializeBinary(diff);
  expect(read.getReplacesList()).toEqual(["a"]);
  expect(read.getChanges()).toBe(generated.DiffResponse.DiffChanges.DIFF_SOME);
  expect(read.getDeletebeforereplace()).toBe(true);
  expect(read.getDetaileddiffMap().get("a.b")!.getKind()).toBe(generated.PropertyDiff.Kind.UPDATE_REPLACE);
  expect(read.getDetaileddiffMap().get("c")!.getKind()).toBe(generated.PropertyDiff.Kind.ADD);

  const check = generated.CheckResponse.deserializeBinary(
    encode({ inputs: properties, failures: [{ reason: long }, { reason: "b" }] }, messages.checkResponse),
  );
  expect(check.getInputs()!.toJavaScript()).toEqual(properties);
  expect(check.getFailuresList().map((f) => f.getReason())).toEqual([long, "b"]);

  for (const [type, message] of [
    [generated.CreateResponse, messages.createResponse],
    [generated.UpdateResponse, messages.updateResponse],
    [generated.ReadResponse, messages.readResponse],
  ] as const) {
    const response = type.deserializeBinary(encode({ id: "i", properties, inputs: {} }, message));
    expect(response.getProperties()!.toJavaScript()).toEqual(properties);
  }
  const invoke = generated.InvokeResponse.deserializeBinary(encode({ return: properties }, messages.invokeResponse));
  expect(invoke.getReturn()!.toJavaScript()).toEqual(properties);
  const configured = generated.ConfigureResponse.deserializeBinary(
    encode({ supportsPreview: true, supportsAutonamingConfiguration: true }, messages.configureResponse),
  );
  expect([configured.getSupportspreview(), configured.getSupportsAutonamingConfiguration(), configured.getAcceptsecrets()]).toEqual([
    true,
    true,
    false,
  ]);
  expect(
    generated.ProviderHandshakeResponse.deserializeBinary(
      encode({ supportsAutonamingConfiguration: true }, messages.handshakeResponse),
    ).getSupportsAutonamingConfiguration(),
  ).toBe(true);
  expect(plugin.PluginInfo.deserializeBinary(encode({ version: "1" }, messages.pluginInfo)).getVersion()).toBe("1");
});

test("a failed resource in the details of a status", () => {
  const detail = encode({ id: "i", properties, inputs: { a: 1 }, reasons: ["r"] }, messages.initFailed);
  const status = statusProto.Status.deserializeBinary(
    encode({ code: 2, message: "m", details: [{ typeUrl: "x/pulumirpc.ErrorResourceInitFailed", value: detail }] }, messages.status),
  );
  const any = status.getDetailsList()[0]!;
  expect(any.getTypeName()).toBe("pulumirpc.ErrorResourceInitFailed");
  const failed = generated.ErrorResourceInitFailed.deserializeBinary(any.getValue_asU8());
  expect([failed.getId(), failed.getReasonsList(), failed.getInputs()!.toJavaScript(), failed.getProperties()!.toJavaScript()]).toEqual([
    "i",
    ["r"],
    { a: 1 },
    properties,
  ]);
});

test("many sizes, so that lengths of one, two and three bytes all occur", () => {
  for (const size of [0, 1, 100, 110, 120, 127, 128, 129, 1_000, 16_380, 16_390, 2_100_000]) {
    const value = { a: { b: "x".repeat(size) } };
    expect(
      structs.Struct.deserializeBinary(
        generated.UpdateResponse.deserializeBinary(encode({ properties: value }, messages.updateResponse))
          .getProperties()!
          .serializeBinary(),
      ).toJavaScript(),
    ).toEqual(value);
  }
});

test("sentinels and signatures", () => {
  const signature = "4dabf18193072939515e22adb298388d";
  expect(
    fromWire({
      open: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
      secret: { [signature]: "1b47061264138c4ac30d75fd1eb44270", value: { a: 1 } },
      output: { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" },
      file: { [signature]: "c44067f5952c0a294b673a41bacd8c17", path: "/f", hash: "h" },
      nothing: null,
    }),
  ).toEqual({ open: unknown, secret: { a: 1 }, output: unknown, file: new Asset({ path: "/f", hash: "h" }) });
  expect(toWire({ a: [unknown], b: undefined, c: new Asset({ text: "t" }) })).toEqual({
    a: ["04da6b54-80e4-46f7-96ec-b56ff0331ba9"],
    c: { [signature]: "c44067f5952c0a294b673a41bacd8c17", text: "t" },
  });
});
