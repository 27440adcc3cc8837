// Serves a Provider over Pulumi's plugin protocol (gRPC service pulumirpc.ResourceProvider).
// Straight on gRPC: loading all of @pulumi/pulumi would cost more than a whole preview.
import * as grpc from "@grpc/grpc-js";
import type { Failure } from "../check.ts";
import type { InputDiff } from "../diff.ts";
import type { AutonamingOptions } from "../naming.ts";
import { failureStatus } from "./failure.ts";
import * as messages from "./messages.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import type { Fields, Message } from "./protobuf.ts";
import type { ChangeArgs, Provider } from "./provider.ts";
import { fromWire, toWire } from "./values.ts";
import type { Properties } from "./values.ts";

/** Starts serving; prints the port, which is how the engine finds it; then does `then`. Ends with the engine. */
export function serve(provider: Provider, then?: () => void): void {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const calls = new Calls();
  for (const [name, method] of Object.entries(methods(provider, calls))) register(server, name, method, calls);
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
    then?.();
  });
  // The engine ends a plugin by SIGINT and kills it five seconds later. What is under way is broken off and reported first.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => calls.end(() => process.exit(0)));
  const engine = process.ppid;
  setInterval(() => process.ppid !== engine && process.exit(0), 2_000).unref();
}

/** Calls under way. */
class Calls {
  readonly #shutdown = new AbortController();
  #count = 0;
  #atEnd: (() => void) | undefined;

  get signal(): AbortSignal {
    return this.#shutdown.signal;
  }

  async run<T>(work: () => T | Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      // The answer still has to leave the process.
      if (this.#atEnd && this.#count === 0) setTimeout(this.#atEnd, 50);
    }
  }

  cancel(): void {
    this.#shutdown.abort(new Error("canceled; Azure may go on with what it has begun, the next `pulumi up` finds it"));
  }

  end(then: () => void): void {
    if (this.#count === 0) return then();
    this.#atEnd = then;
    this.cancel();
  }
}

interface Method {
  readonly request: Message;
  readonly response: Message;
  handle(request: Fields): Fields | Promise<Fields>;
}

function register(server: grpc.Server, name: string, method: Method, calls: Calls): void {
  const answer = async (fields: Fields, callback: grpc.sendUnaryData<Fields>): Promise<void> => {
    try {
      callback(null, await calls.run(() => method.handle(fields)));
    } catch (error) {
      callback(failureStatus(error));
    }
  };
  const handler: grpc.handleUnaryCall<Fields, Fields> = (call, callback) => void answer(call.request, callback);
  const path = `/pulumirpc.ResourceProvider/${name}`;
  server.register(
    path,
    handler,
    (fields: Fields) => encode(fields, method.response),
    (bytes: Buffer) => decode(bytes, method.request),
    "unary",
  );
}

function methods(provider: Provider, calls: Calls): Record<string, Method> {
  /** Ends with the engine's Cancel, or when the resource's own timeout (customTimeouts, seconds) is over. */
  const signal = (seconds: unknown): AbortSignal =>
    typeof seconds === "number" && seconds > 0 ? AbortSignal.any([calls.signal, AbortSignal.timeout(seconds * 1000)]) : calls.signal;
  const change = (request: Fields): ChangeArgs => ({
    token: typeOf(request),
    id: string(request["id"]),
    oldInputs: fromWire(request["oldInputs"]),
    oldState: fromWire(request["olds"]),
    news: fromWire(request["news"]),
    preview: request["preview"] === true,
    signal: signal(request["timeout"]),
  });

  return {
    Handshake: {
      request: messages.empty,
      response: messages.handshakeResponse,
      handle: () => ({ supportsAutonamingConfiguration: true }),
    },
    GetPluginInfo: { request: messages.empty, response: messages.pluginInfo, handle: () => ({ version: provider.version }) },
    CheckConfig: { request: messages.checkRequest, response: messages.checkResponse, handle: ({ news }) => ({ inputs: news ?? {} }) },
    DiffConfig: { request: messages.diffRequest, response: messages.diffResponse, handle: () => ({}) },
    Configure: {
      request: messages.configureRequest,
      response: messages.configureResponse,
      handle({ variables }) {
        const named = Object.entries((variables ?? {}) as Record<string, string>);
        provider.configure(Object.fromEntries(named.map(([key, value]) => [key.slice(key.lastIndexOf(":") + 1), value])));
        return { supportsPreview: true, supportsAutonamingConfiguration: true };
      },
    },
    Check: {
      request: messages.checkRequest,
      response: messages.checkResponse,
      async handle(request) {
        const { inputs, failures } = await provider.check({
          token: typeOf(request),
          name: string(request["name"]) || string(request["urn"]).split("::").slice(3).join("::"),
          olds: fromWire(request["olds"]),
          news: fromWire(request["news"]),
          seed: (request["randomSeed"] ?? new Uint8Array()) as Uint8Array,
          autonaming: autonaming(request["autonaming"] as Fields | undefined),
        });
        return { inputs: toWire(inputs), failures: failures.map(failureMessage) };
      },
    },
    Diff: {
      request: messages.diffRequest,
      response: messages.diffResponse,
      handle: (request) => diffMessage(provider.diff(change(request))),
    },
    Create: {
      request: messages.createRequest,
      response: messages.createResponse,
      async handle(request) {
        const { id, outputs } = await provider.create(change(request));
        return { id, properties: toWire(outputs) };
      },
    },
    Update: {
      request: messages.updateRequest,
      response: messages.updateResponse,
      handle: async (request) => ({ properties: toWire(await provider.update(change(request))) }),
    },
    Read: {
      request: messages.readRequest,
      response: messages.readResponse,
      async handle(request) {
        const found = await provider.read(change(request));
        return found ? { id: found.id, properties: toWire(found.outputs), inputs: toWire(found.inputs) } : {};
      },
    },
    Delete: {
      request: messages.deleteRequest,
      response: messages.empty,
      async handle(request) {
        await provider.delete(change(request));
        return {};
      },
    },
    Invoke: {
      request: messages.invokeRequest,
      response: messages.invokeResponse,
      async handle(request) {
        const result = await provider.invoke(string(request["tok"]), fromWire(request["args"]), calls.signal);
        if (Array.isArray(result)) return { failures: (result as readonly Failure[]).map(failureMessage) };
        return { return: toWire({ ...(result as Properties) }) };
      },
    },
    Cancel: {
      request: messages.empty,
      response: messages.empty,
      handle() {
        calls.cancel();
        return {};
      },
    },
  };
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** `urn:pulumi:stack::project::parent$type::name` → type. */
function typeOf(request: Fields): string {
  return string(request["type"]) || (string(request["urn"]).split("::")[2]?.split("$").at(-1) ?? "");
}

function autonaming(options: Fields | undefined): AutonamingOptions | undefined {
  if (!options) return undefined;
  const mode = (["propose", "enforce", "disable"] as const)[Number(options["mode"] ?? 0)] ?? "propose";
  return { proposedName: string(options["proposedName"]), mode };
}

/** Without `property`: the engine would hide the reason behind the name of the property. */
function failureMessage({ reason }: Failure): Fields {
  return { reason };
}

function diffMessage(diff: InputDiff): Fields {
  const detailed = [...diff.changes].map(([path, { kind, replaces }]) => [
    path,
    { kind: messages.DIFF_KINDS[kind] + (replaces ? 1 : 0), inputDiff: true },
  ]);
  return {
    changes: diff.keys.length > 0 ? messages.DIFF_SOME : messages.DIFF_NONE,
    diffs: diff.keys,
    replaces: diff.replaces,
    deleteBeforeReplace: diff.deleteBeforeReplace,
    hasDetailedDiff: true,
    detailedDiff: Object.fromEntries(detailed),
  };
}
