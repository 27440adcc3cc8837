// `mlops watch`: a newly registered model starts a release by itself, in the sandbox; on Azure Event Grid starts the pipeline.
import { join } from "node:path";
import { listenForEvents } from "../../sandbox/events/listener.ts";
import { apiVersions } from "../../azure/ids.ts";
import { type Call, type Command, CommandError, option } from "../command.ts";
import { nextWatched, registeredModel, type WatchedModel } from "../core/watched.ts";
import { pause } from "../flow/follow.ts";
import { ride } from "../flow/watch/train.ts";
import { WatchState } from "../flow/watch/state.ts";
import { openStage, type Workspace } from "../flow/workspace.ts";
import { modelNameIn } from "../modelName.ts";
import { projectOf } from "../open.ts";
import { pulumiFor } from "../pulumi.ts";
import { chooseTarget, sandboxDir, targetOption } from "../target.ts";

const subscription = "providers/Microsoft.EventGrid/eventSubscriptions/mlops-watch";
const eventGrid = { apiVersion: "2025-02-15" };

export const watch: Command = {
  name: "watch",
  summary: "wait for newly registered models and take each as a release to qa, where it waits for approval",
  details:
    "Sandbox only: Event Grid's ModelRegistered comes to a listener on this machine, which runs gate, share, deploy auto, deploy qa as the commands " +
    "that people run. Models that were there before the first watch are left alone. Ctrl-C ends it; started again, it goes on where it was and " +
    "takes what was registered meanwhile. On Azure the same event starts the pipeline: azure-mlops:trigger of the stack dev (docs/notifications.md).",
  examples: [
    "npx mlops watch",
    "npx mlops watch --json   # one line of JSON for each release, as it ends",
    "npx mlops watch --forget   # nothing is kept for a later watch",
  ],
  options: [
    { flags: "--model <name>", description: "which model; default: the one that the project deploys" },
    { flags: "--forget", description: "take the subscription away and end" },
    targetOption,
  ],
  async run(call) {
    const target = await chooseTarget(call);
    if (target.kind !== "sandbox")
      throw new CommandError(
        "mlops watch listens on this machine, where Azure's Event Grid cannot reach it",
        "pulumi config set --path azure-mlops:trigger.kind github --stack dev, and so on: docs/notifications.md.",
      );
    const pulumi = pulumiFor(call, target);
    const workspace = await openStage("dev", pulumi, target);
    if (call.options["forget"] === true) {
      const forgotten = await workspace.azure.delete(`${workspace.id}/${subscription}`, eventGrid);
      call.out.print(forgotten ? "the subscription is gone; models registered from now on start nothing" : "nobody was watching");
      call.out.result({ forgotten });
      return;
    }
    const name = option(call, "model") ?? workspace.outputs.modelName ?? (await modelNameIn(call.repo, await projectOf(pulumi, "dev")));
    if (name === undefined) throw new CommandError("the project deploys no model, so there is none to watch", "Name one: --model diabetes");
    const state = new WatchState(join(sandboxDir(call.repo), "watch"));
    await new Watch(call, state, workspace, name).run();
  },
};

class Watch {
  readonly #call: Call;
  readonly #state: WatchState;
  readonly #workspace: Workspace;
  readonly #model: string;
  #wake = (): void => undefined;

  constructor(call: Call, state: WatchState, workspace: Workspace, model: string) {
    this.#call = call;
    this.#state = state;
    this.#workspace = workspace;
    this.#model = model;
  }

  async run(): Promise<void> {
    const { out, signal, repo } = this.#call;
    const first = this.#state.isNew;
    const address = this.#state.address;
    const listener = await listenForEvents(sandboxDir(repo), address, (events) => this.#heard(events));
    try {
      this.#state.keepAddress({ ...address, port: listener.port });
      await this.#subscribe(`https://localhost:${listener.port}/${address.path}`);
      // Whatever the events say or said: the workspace knows which versions there are.
      await this.#look(first);
      out.print(`watching model ${this.#model} of ${this.#workspace.outputs.workspaceName}; Ctrl-C ends it`);
      while (!signal.aborted) {
        const next = nextWatched(this.#state.all());
        if (next) this.#report(await ride(this.#call, this.#state, this.#workspace, next));
        else await this.#nextEvent(signal);
      }
    } finally {
      await listener.close();
    }
    out.progress("watch  ended; models registered from now on are taken by the next `mlops watch`");
  }

  #heard(events: readonly unknown[]): void {
    for (const event of events) {
      const model = registeredModel(event);
      if (model?.name !== this.#model) continue;
      const isNew = this.#state.add(model.name, model.version, "pending");
      this.#call.out.progress(`watch  ${model.name}:${model.version} registered${isNew ? "" : ", which is known already"}`);
    }
    this.#wake();
  }

  async #nextEvent(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (nextWatched(this.#state.all())) return;
    await pause(3_600_000, AbortSignal.any([woken.signal, signal])).catch(() => undefined);
  }

  async #subscribe(endpointUrl: string): Promise<void> {
    await this.#workspace.azure.put(
      `${this.#workspace.id}/${subscription}`,
      {
        properties: {
          destination: { endpointType: "WebHook", properties: { endpointUrl } },
          filter: {
            includedEventTypes: ["Microsoft.MachineLearningServices.ModelRegistered"],
            subjectBeginsWith: `models/${this.#model}:`,
          },
        },
      },
      { ...eventGrid, signal: this.#call.signal },
    );
  }

  async #look(first: boolean): Promise<void> {
    const path = `${this.#workspace.id}/models/${this.#model}`;
    const options = { apiVersion: apiVersions.machineLearning, signal: this.#call.signal };
    if (!(await this.#workspace.azure.find(path, options))) return;
    for await (const { name: version } of this.#workspace.azure.list<{ name: string }>(`${path}/versions`, options))
      this.#state.add(this.#model, version, first ? "before" : "pending");
  }

  #report({ name, version, state, note }: WatchedModel): void {
    const release = `${name}-${version}`;
    const { out } = this.#call;
    if (state === "waits") {
      out.print(`${release} serves in auto and qa, passed its acceptance and waits for approval`);
      out.print(`next: npx mlops approve --release ${release} --stage prod, then npx mlops deploy --stage prod --release ${release}`);
    } else out.print(`${release} ${state}: ${note}`);
    if (out.json) process.stdout.write(`${JSON.stringify({ release, state, ...(note ? { note } : {}) })}\n`);
  }
}
