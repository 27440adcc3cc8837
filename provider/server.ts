// Serves resource kinds to the Pulumi engine over gRPC. The SDK's own server (`@pulumi/pulumi/provider`) offers neither detailed
// differences nor outputs at preview, and loads the whole SDK; this one loads the protocol only.
import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import type { Azure } from "../azure/client.ts";
import { hasUnknown } from "./kind.ts";
import type { AnyKind, Call, Difference, Existing, Properties } from "./kind.ts";

// gRPC and protobuf come with the Pulumi SDK and are resolved from there, so that there is one version of each.
const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));
const grpc = require("@grpc/grpc-js") as typeof Grpc;
const { ResourceProviderService } = require("./proto/provider_grpc_pb.js");
const messages = require("./proto/provider_pb.js");
const plugin = require("./proto/plugin_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");

/** A protobuf request: its getters are named after its fields. */
type Request = Record<string, () => unknown>;
type Handler = (request: Request) => unknown;

/** Of a protobuf struct. */
const json = (value: unknown): Properties => (value as { toJavaScript(): Properties } | undefined)?.toJavaScript() ?? {};
const struct = (value: Properties): unknown => Struct.fromJavaScript(JSON.parse(JSON.stringify(value)));

/** Progress lines of one resource on the engine's screen. */
async function engineLog(address: string | undefined): Promise<(urn: string, message: string, kept: boolean) => void> {
  if (!address) return () => undefined;
  const { EngineClient } = require("./proto/engine_grpc_pb.js");
  const engine = require("./proto/engine_pb.js");
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  return (urn, message, kept) => {
    const log = new engine.LogRequest();
    log.setSeverity(engine.LogSeverity.INFO);
    log.setUrn(urn);
    log.setMessage(message);
    log.setEphemeral(!kept);
    // A line that gets lost is no reason to stop.
    client.log(log, () => undefined);
  };
}

/** The one function: says nothing, once the provider is there. */
const READY = "mlops:index:ready";

/** A serving provider. */
export interface Served {
  readonly port: number;
  /** Interrupts what is under way, waits until it has ended (a rollout goes back first), and ends. */
  readonly stop: () => Promise<void>;
}

/** Starts serving. */
export async function serve(kinds: readonly AnyKind[], engineAddress: string | undefined, version: string): Promise<Served> {
  const byType = new Map(kinds.map((kind) => [kind.type, kind]));
  const stopped = new AbortController();
  let azure: Promise<Azure> | undefined;
  let log: ReturnType<typeof engineLog> | undefined;

  const kindOf = (request: Request): AnyKind => {
    const type = String(request.getUrn!()).split("::")[2]!.split("$").at(-1)!;
    const kind = byType.get(type);
    if (!kind) throw new Error(`${type} is not a type of the mlops provider; it has ${[...byType.keys()].join(", ")}`);
    return kind;
  };
  const callOf = (request: Request): Call => {
    const urn = String(request.getUrn!());
    const line = (message: string, kept: boolean): void => {
      log ??= engineLog(engineAddress);
      void log.then((write) => write(urn, message, kept));
    };
    return {
      azure: () => (azure ??= import("../azure/client.ts").then(({ connect }) => connect(process.env))),
      signal: stopped.signal,
      say: (message) => line(message, false),
      note: (message) => line(message, true),
    };
  };
  const existing = (request: Request, outputs: string): Existing<Properties> => {
    const inputs = request.getOldInputs?.();
    return { id: String(request.getId!()), outputs: json(request[outputs]!()), inputs: json(inputs ?? request[outputs]!()) };
  };

  const handlers: Record<string, Handler> = {
    getPluginInfo: () => {
      const info = new plugin.PluginInfo();
      info.setVersion(version);
      return info;
    },
    getSchema: () => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: "mlops", version }));
      return response;
    },
    checkConfig: (request) => checked(json(request.getNews!()), []),
    diffConfig: () => new messages.DiffResponse(),
    configure: () => {
      const response = new messages.ConfigureResponse();
      // Secrets never come here in the clear and marked: nothing that this provider takes is one.
      response.setAcceptsecrets(false);
      response.setSupportspreview(true);
      return response;
    },
    check: (request) => {
      const inputs = json(request.getNews!());
      const old = json(request.getOlds!());
      return checked(inputs, kindOf(request).check(inputs, Object.keys(old).length === 0 ? undefined : old));
    },
    diff: (request) => differenceMessage(kindOf(request).diff(existing(request, "getOlds"), json(request.getNews!()))),
    create: async (request) => {
      const kind = kindOf(request);
      const inputs = json(request.getProperties!());
      const response = new messages.CreateResponse();
      if (request.getPreview!()) {
        response.setProperties(struct({ ...inputs, ...kind.foresee?.(inputs) }));
        return response;
      }
      const made = await kind.create(inputs, callOf(request));
      response.setId(made.id);
      response.setProperties(struct({ ...inputs, ...made.outputs }));
      return response;
    },
    read: async (request) => {
      const kind = kindOf(request);
      const response = new messages.ReadResponse();
      const inputs = json(request.getInputs!());
      const state = { id: String(request.getId!()), outputs: json(request.getProperties!()), inputs };
      const found = kind.read ? await kind.read(state, callOf(request)) : { inputs, outputs: state.outputs };
      if (!found) return response;
      response.setId(state.id);
      response.setInputs(struct(found.inputs));
      response.setProperties(struct({ ...found.inputs, ...found.outputs }));
      return response;
    },
    update: async (request) => {
      const kind = kindOf(request);
      const inputs = json(request.getNews!());
      const before = existing(request, "getOlds");
      const response = new messages.UpdateResponse();
      const outputs = request.getPreview!()
        ? { ...before.outputs, ...kind.foresee?.(inputs) }
        : await kind.update!(before, inputs, callOf(request));
      response.setProperties(struct({ ...outputs, ...inputs, ...pick(outputs, inputs) }));
      return response;
    },
    delete: async (request) => {
      await kindOf(request).delete?.(existing(request, "getProperties"), callOf(request));
      return new Empty();
    },
    // Asked by the program only to have this provider started (stacks/providers.ts).
    invoke: (request) => {
      if (String(request.getTok!()) !== READY) throw new Error(`${String(request.getTok!())} is not a function of the mlops provider`);
      return new messages.InvokeResponse();
    },
    cancel: () => {
      stopped.abort(new Error("interrupted"));
      return new Empty();
    },
    attach: () => new Empty(),
  };

  const running = new Set<Promise<unknown>>();
  const stop = async (): Promise<void> => {
    stopped.abort(new Error("interrupted"));
    await Promise.allSettled(running);
    server.forceShutdown();
  };
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(
    ResourceProviderService,
    Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, unary(handler, running)])),
  );
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve({ port, stop }),
    );
  });
}

function unary(handler: Handler, running: Set<Promise<unknown>>): Grpc.handleUnaryCall<Request, unknown> {
  return (call, callback) => {
    const work = (async () => handler(call.request))();
    running.add(work);
    void work.finally(() => running.delete(work)).catch(() => undefined);
    work.then(
      (response) => callback(null, response),
      (error: unknown) => callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
    );
  };
}

function checked(inputs: Properties, problems: readonly { property: string; reason: string }[]): unknown {
  const response = new messages.CheckResponse();
  response.setInputs(struct(inputs));
  for (const problem of problems) {
    const failure = new messages.CheckFailure();
    failure.setProperty(problem.property);
    failure.setReason(problem.reason);
    response.addFailures(failure);
  }
  return response;
}

function differenceMessage(found: readonly Difference[]): unknown {
  const { PropertyDiff, DiffResponse } = messages;
  const kinds = {
    add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
    delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
    update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
  };
  const response = new DiffResponse();
  response.setChanges(found.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDiffsList([...new Set(found.map((difference) => difference.path.split(".")[0]))]);
  for (const { path, kind, replace } of found) {
    const property = new PropertyDiff();
    property.setKind(kinds[kind][replace ? 1 : 0]);
    property.setInputdiff(true);
    response.getDetaileddiffMap().set(path, property);
    if (replace) response.addReplaces(path);
  }
  return response;
}

/** Outputs that have the name of an input but were set by the operation; unknown inputs never win over what is known. */
function pick(outputs: Properties, inputs: Properties): Properties {
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => name in inputs && hasUnknown(inputs[name])));
}
