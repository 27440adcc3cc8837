// Serves a Provider over Pulumi's plugin protocol (gRPC service pulumirpc.ResourceProvider).
// Straight on the generated protobufs: loading all of @pulumi/pulumi would cost more than a whole preview.
import * as grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { Failure } from "../check.ts";
import type { InputDiff } from "../diff.ts";
import type { AutonamingOptions } from "../naming.ts";
import { failureStatus } from "./failure.ts";
import type { ChangeArgs, Provider } from "./provider.ts";
import { fromStruct, toStruct } from "./values.ts";
import type { Properties } from "./values.ts";

type Handler<Request, Response> = (request: Request) => Response | Promise<Response>;

/** Starts serving; prints the port, which is how the engine finds it. Ends with the engine. */
export function serve(provider: Provider): void {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const calls = new Calls();
  server.addService(services.ResourceProviderService, handlers(provider, calls));
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
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

function handlers(provider: Provider, calls: Calls): grpc.UntypedServiceImplementation {
  const unary = <Request, Response>(handle: Handler<Request, Response>): grpc.handleUnaryCall<Request, Response> => {
    const answer = async (request: Request, callback: grpc.sendUnaryData<Response>): Promise<void> => {
      try {
        callback(null, await calls.run(() => handle(request)));
      } catch (error) {
        callback(failureStatus(error));
      }
    };
    return (call, callback) => void answer(call.request, callback);
  };

  /** Ends with the engine's Cancel, or when the resource's own timeout (customTimeouts, seconds) is over. */
  const signal = (timeoutSeconds: number): AbortSignal =>
    timeoutSeconds > 0 ? AbortSignal.any([calls.signal, AbortSignal.timeout(timeoutSeconds * 1000)]) : calls.signal;

  const change = (
    request: { getUrn(): string; getType(): string },
    parts: Partial<{ id: string; oldInputs: Struct; oldState: Struct; news: Struct; preview: boolean; timeout: number }>,
  ): ChangeArgs => ({
    token: typeOf(request),
    id: parts.id ?? "",
    oldInputs: fromStruct(parts.oldInputs),
    oldState: fromStruct(parts.oldState),
    news: fromStruct(parts.news),
    preview: parts.preview ?? false,
    signal: signal(parts.timeout ?? 0),
  });

  return {
    handshake: unary(() => {
      const response = new messages.ProviderHandshakeResponse();
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    getPluginInfo: unary(() => {
      const info = new plugin.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    checkConfig: unary((request: pb.CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: unary(() => new messages.DiffResponse()),
    configure: unary((request: pb.ConfigureRequest) => {
      const variables: Record<string, string> = {};
      request.getVariablesMap().forEach((value: string, key: string) => (variables[key.slice(key.lastIndexOf(":") + 1)] = value));
      provider.configure(variables);
      const response = new messages.ConfigureResponse();
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    check: unary(async (request: pb.CheckRequest) => {
      const result = await provider.check({
        token: typeOf(request),
        name: request.getName() || request.getUrn().split("::").slice(3).join("::"),
        olds: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        seed: request.getRandomseed_asU8(),
        autonaming: autonaming(request),
      });
      const response = new messages.CheckResponse();
      response.setInputs(toStruct(result.inputs));
      response.setFailuresList(result.failures.map(failureMessage));
      return response;
    }),
    diff: unary((request: pb.DiffRequest) =>
      diffMessage(
        provider.diff(
          change(request, { id: request.getId(), oldInputs: request.getOldInputs(), oldState: request.getOlds(), news: request.getNews() }),
        ),
      ),
    ),
    create: unary(async (request: pb.CreateRequest) => {
      const result = await provider.create(
        change(request, { news: request.getProperties(), preview: request.getPreview(), timeout: request.getTimeout() }),
      );
      const response = new messages.CreateResponse();
      response.setId(result.id);
      response.setProperties(toStruct(result.outputs));
      return response;
    }),
    update: unary(async (request: pb.UpdateRequest) => {
      const outputs = await provider.update(
        change(request, {
          id: request.getId(),
          oldInputs: request.getOldInputs(),
          oldState: request.getOlds(),
          news: request.getNews(),
          preview: request.getPreview(),
          timeout: request.getTimeout(),
        }),
      );
      const response = new messages.UpdateResponse();
      response.setProperties(toStruct(outputs));
      return response;
    }),
    read: unary(async (request: pb.ReadRequest) => {
      const result = await provider.read(
        change(request, {
          id: request.getId(),
          oldInputs: request.getInputs(),
          oldState: request.getProperties(),
          timeout: request.getTimeout(),
        }),
      );
      const response = new messages.ReadResponse();
      if (result) {
        response.setId(result.id);
        response.setProperties(toStruct(result.outputs));
        response.setInputs(toStruct(result.inputs));
      }
      return response;
    }),
    delete: unary(async (request: pb.DeleteRequest) => {
      await provider.delete(
        change(request, {
          id: request.getId(),
          oldInputs: request.getOldInputs(),
          oldState: request.getProperties(),
          timeout: request.getTimeout(),
        }),
      );
      return new empty.Empty();
    }),
    invoke: unary(async (request: pb.InvokeRequest) => {
      const result = await provider.invoke(request.getTok(), fromStruct(request.getArgs()), calls.signal);
      const response = new messages.InvokeResponse();
      if (Array.isArray(result)) response.setFailuresList((result as readonly Failure[]).map(failureMessage));
      else response.setReturn(toStruct({ ...(result as Properties) }));
      return response;
    }),
    cancel: unary(() => {
      calls.cancel();
      return new empty.Empty();
    }),
  };
}

/** `urn:pulumi:stack::project::parent$type::name` → type. */
function typeOf(request: { getUrn(): string; getType(): string }): string {
  return request.getType() || (request.getUrn().split("::")[2]?.split("$").at(-1) ?? "");
}

function autonaming(request: pb.CheckRequest): AutonamingOptions | undefined {
  const options = request.getAutonaming();
  return (
    options && {
      proposedName: options.getProposedName(),
      mode: (["propose", "enforce", "disable"] as const)[options.getMode()] ?? "propose",
    }
  );
}

function failureMessage(failure: Failure): pb.CheckFailure {
  const message = new messages.CheckFailure();
  message.setReason(failure.reason);
  return message;
}

function diffMessage(diff: InputDiff): pb.DiffResponse {
  const response = new messages.DiffResponse();
  const { DiffChanges } = messages.DiffResponse;
  response.setChanges(diff.keys.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setDiffsList([...diff.keys]);
  response.setReplacesList([...diff.replaces]);
  response.setDeletebeforereplace(diff.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  const { Kind } = messages.PropertyDiff;
  for (const [path, { kind, replaces }] of diff.changes) {
    const change = new messages.PropertyDiff();
    change.setInputdiff(true);
    const kinds = {
      add: [Kind.ADD, Kind.ADD_REPLACE],
      delete: [Kind.DELETE, Kind.DELETE_REPLACE],
      update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
    } as const;
    change.setKind(kinds[kind][replaces ? 1 : 0]);
    response.getDetaileddiffMap().set(path, change);
  }
  return response;
}
