// Brings a release to a stage: checks, receipt, stack, health, tests; everything written down, and taken back when it fails.
import { type Call, CommandError } from "../../command.ts";
import { deployable, variantOfRelease } from "../../core/manifest.ts";
import { eventNow, obstacles, type ReleaseRecord, stageState } from "../../core/history.ts";
import { approvalProblems } from "../../core/permission.ts";
import { begin, emptyStage, finish, serving, type StageRecord } from "../../core/stageRecord.ts";
import type { Person } from "../../core/person.ts";
import { otherSlot } from "../../core/slots.ts";
import type { Pulumi } from "../../pulumi.ts";
import { StackLocked } from "../../pulumiLock.ts";
import type { Target } from "../../target.ts";
import { sampleRequest } from "../deploy.ts";
import { type Answer, type EndpointState, readEndpoint, scorePatiently, waitHealthy } from "../endpoint.ts";
import { openStage, type Workspace } from "../workspace.ts";
import { type Acceptance, acceptanceCases, type NamedCase, runAcceptance } from "./acceptance.ts";
import { tellingSteps } from "./canarySteps.ts";
import type { History } from "./history.ts";
import { approvalPolicy } from "./policy.ts";
import { copyModel, takeReceipt } from "./receipt.ts";
import { registryPlace } from "./share.ts";
import { upStage } from "./stack.ts";
import { duration } from "./story.ts";
import { takeStageBack } from "./takeBack.ts";
import { endUnfinished } from "./unfinished.ts";

/** Stages with one slot, which the new version replaces in place; prod keeps the last good one beside it. */
const inPlace = (stage: string): boolean => stage !== "prod";

export interface Promotion {
  readonly stage: string;
  readonly target: Target;
  readonly pulumi: Pulumi;
  readonly history: History;
  readonly record: ReleaseRecord;
  readonly project: string;
  /** `copy`: from the workspace of the stage before instead of from the registry. */
  readonly via: "registry" | "copy";
  /** Seconds to wait for another run that changes the stage. */
  readonly wait: number;
  /** Seconds that the endpoint may take to become healthy after `up`. */
  readonly healthyWithin: number;
}

export interface Promoted {
  readonly release: string;
  /** False: it served already. */
  readonly changed: boolean;
  readonly endpoint: EndpointState;
  readonly sample: Answer | undefined;
  readonly acceptance: Acceptance | undefined;
}

export async function promote(call: Call, promotion: Promotion): Promise<Promoted> {
  const { stage, history, record, wait } = promotion;
  const [problem] = obstacles(record, stage);
  if (problem)
    throw new CommandError(`${record.manifest.id} may not go to ${stage}: ${problem}`, `mlops releases show ${record.manifest.id}`);
  const cases = stage === "qa" ? acceptanceCases(call.repo, promotion.project, variantOfRelease(record.manifest)) : undefined;
  return history.holding(stage, { wait, signal: call.signal, say: (line) => call.out.progress(line) }, (signal) =>
    new Promoter({ ...call, signal }, promotion, cases).run(),
  );
}

class Promoter {
  readonly #call: Call;
  readonly #p: Promotion;
  readonly #cases: readonly NamedCase[] | undefined;
  /** Opened once: its stack's outputs cost a start of the Pulumi CLI. */
  #opened: Promise<Workspace> | undefined;

  constructor(call: Call, promotion: Promotion, cases: readonly NamedCase[] | undefined) {
    this.#call = call;
    this.#p = promotion;
    this.#cases = cases;
  }

  async run(): Promise<Promoted> {
    const { stage, history } = this.#p;
    const { manifest } = this.#p.record;
    // Read again under the hold: another run may have ended meanwhile.
    const record = (await history.release(manifest.id)) ?? this.#p.record;
    await history.key.check(record.manifest, this.#call.signal);
    let there = await endUnfinished(this.#call, this.#p, await history.stage(stage), manifest.id);
    const outputs = await this.#p.pulumi.outputs(stage);
    if (there.plan && !there.pending && outputs?.["modelVersion"] === undefined) {
      this.#call.out.progress(`deploy the stack of ${stage} was taken down since; nothing serves there`);
      there = { ...emptyStage(stage), releases: there.releases };
    }
    await this.#approved(record);
    const by = await history.caller();
    const release = deployable(manifest);
    const begun = begin(there, release, inPlace(stage), by);
    if (!begun.changes) {
      this.#call.out.progress(`deploy ${manifest.id} serves in ${stage} already; nothing changes`);
      // A rollback that was killed after it moved the traffic has left the stack behind.
      if (outputs?.["modelVersion"] !== release.version)
        await upStage(this.#call, this.#p.history.azure, this.#p.pulumi, { record: there, target: there });
      return this.#answering(record, false);
    }
    const before = serving(there);
    await takeReceipt(this.#call, history, manifest, stage, await this.#source());
    await history.putStage(begun.record);
    if (!there.pending)
      await history.add(manifest.id, eventNow("deploying", by, { stage, ...(before ? { note: `in place of ${before.release}` } : {}) }));
    const began = performance.now();
    const { pending } = begun.record;
    let endpoint: EndpointState;
    try {
      this.#call.out.progress(`deploy ${manifest.id} to ${stage}, slot ${pending!.to.live}: pulumi up --stack ${stage}`);
      const up = async (): Promise<void> =>
        await upStage(this.#call, this.#p.history.azure, this.#p.pulumi, {
          record: begun.record,
          target: { plan: pending!.to, frozen: false },
          more: this.#modelFrom(),
        });
      if (inPlace(stage) || before === undefined || history.notifier === undefined) await up();
      else
        await tellingSteps(
          this.#call,
          () => this.#workspace(),
          (split) => this.#step(by, split),
          up,
        );
      this.#opened = undefined;
      endpoint = await this.#healthy();
      const sample = await this.#sample(endpoint);
      if (sample && sample.status !== 200)
        throw new CommandError(`the sample request was answered with ${sample.status}: ${JSON.stringify(sample.body).slice(0, 200)}`);
    } catch (error) {
      // A run that was interrupted, or found the stack locked, leaves all as it is: the same command goes on, another release takes back first.
      if (this.#call.signal.aborted || error instanceof StackLocked) throw error;
      throw await this.#failed(begun.record, error as Error);
    }
    const done = finish(begun.record);
    await history.add(
      manifest.id,
      eventNow("deployed", by, { stage, note: `slot ${done.plan!.live}, after ${duration(performance.now() - began)}` }),
    );
    if (before && before.release !== manifest.id)
      await history.add(before.release, eventNow("replaced", by, { stage, note: `by ${manifest.id}` }));
    await history.putStage(done);
    await this.#scaleDown(done, endpoint);
    return this.#answering((await history.release(manifest.id)) ?? record, true);
  }

  async #step(by: Person, split: string): Promise<void> {
    const { stage, history, record } = this.#p;
    const notice = { kind: "canaryStep", stage, by, at: new Date().toISOString(), note: `traffic: ${split}` } as const;
    await history.notifier?.tell(record.manifest, [notice]);
  }

  /** Where the stage takes the model from; for a copy, it is copied there first. */
  async #source(): Promise<string> {
    const { history, pulumi, via, stage, target, record } = this.#p;
    const registry = registryPlace(history.azure.subscriptionId, await pulumi.outputs("shared"));
    if (via === "registry") return registry.id;
    if (!(await pulumi.outputs(stage))?.["workspaceName"]) await pulumi.up(stage);
    const own = await openStage(stage, pulumi, target);
    const from = stage === "prod" ? (await openStage("qa", pulumi, target)).id : record.manifest.run.workspace;
    await copyModel(this.#call, history.azure, record.manifest, from, own.id);
    return own.id;
  }

  #modelFrom(): Record<string, string> {
    if (this.#p.stage === "auto") return {};
    return { modelFrom: this.#p.via === "copy" ? "workspace" : "registry" };
  }

  async #approved(record: ReleaseRecord): Promise<void> {
    const { stage, history, pulumi } = this.#p;
    const policy = await approvalPolicy(pulumi, stage);
    if (policy.required === 0) return;
    const approvals = await history.approvals(record.manifest.id, stage);
    const problems = approvalProblems(stage, { record, approvals, policy, now: new Date() });
    if (problems.length === 0) return;
    throw new CommandError(
      `${record.manifest.id} may not go to ${stage}\n${problems.map((one) => `  ${one}`).join("\n")}`,
      `mlops approve --release ${record.manifest.id} --stage ${stage}, by someone who did not train it or deploy it to qa`,
    );
  }

  async #workspace(): Promise<Workspace> {
    this.#opened ??= openStage(this.#p.stage, this.#p.pulumi, this.#p.target);
    try {
      return await this.#opened;
    } catch (error) {
      // A stage that is not up yet may be so at the next look.
      this.#opened = undefined;
      throw error;
    }
  }

  async #healthy(): Promise<EndpointState> {
    return waitHealthy(await this.#workspace(), {
      seconds: this.#p.healthyWithin,
      signal: this.#call.signal,
      onWait: (why) => this.#call.out.progress(`deploy waiting: ${why}`),
    });
  }

  async #sample(endpoint: EndpointState): Promise<Answer | undefined> {
    const request = sampleRequest(this.#call.repo, this.#p.project);
    return request === undefined ? undefined : scorePatiently(await this.#workspace(), endpoint, request, { signal: this.#call.signal });
  }

  /** The deployment failed: what served before serves again, and the reason is written down. */
  async #failed(begun: StageRecord, error: Error): Promise<Error> {
    const { stage, history, record } = this.#p;
    const { id } = record.manifest;
    await history.add(id, eventNow("failed", await history.caller(), { stage, passed: false, note: error.message.slice(0, 1000) }));
    this.#call.out.progress(`deploy ${id} failed in ${stage}: ${error.message}`);
    let back: StageRecord;
    try {
      this.#call.out.progress(`back   ${stage} to what served before`);
      back = await takeStageBack(this.#call, history, this.#p.pulumi, begun);
    } catch (second) {
      return new CommandError(
        `${id} failed in ${stage}: ${error.message}\nTaking it back failed as well: ${(second as Error).message}`,
        `Traffic is where the rollout left it: on the last good split. Mend what is named and run the command again.`,
      );
    }
    const before = serving(back);
    const serves = before ? `${before.release} serves ${stage}, as before` : `nothing serves ${stage}, as before`;
    return new CommandError(
      `${id} failed in ${stage}: ${error.message}`,
      `It was taken back: ${serves}. \`mlops releases show ${id}\` keeps the reason.`,
    );
  }

  /** The slot that was kept to go back to needs no more than one instance. */
  async #scaleDown(done: StageRecord, endpoint: EndpointState): Promise<void> {
    const kept = done.plan && done.plan.versions[otherSlot(done.plan.live)] !== undefined ? otherSlot(done.plan.live) : undefined;
    const instances = endpoint.deployments.find(({ name }) => name === kept)?.instances ?? 1;
    if (!kept || instances <= 1) return;
    this.#call.out.progress(`scale  slot ${kept}, kept to go back to, from ${instances} instances to 1`);
    await upStage(this.#call, this.#p.history.azure, this.#p.pulumi, { record: done, target: done, keptInstances: 1 });
  }

  /** Shows that it answers, and in qa runs the acceptance requests, unless they were passed already. */
  async #answering(record: ReleaseRecord, changed: boolean): Promise<Promoted> {
    const { stage, history } = this.#p;
    const { id } = record.manifest;
    const workspace = await this.#workspace();
    const endpoint = changed ? await readEndpoint(workspace) : await this.#healthy();
    const sample = await this.#sample(endpoint);
    let acceptance: Acceptance | undefined;
    if (this.#cases && (changed || stageState(record.events, stage) !== "tested")) {
      acceptance = await runAcceptance(this.#call, workspace, endpoint, this.#cases);
      const failed = acceptance.results.filter(({ problems }) => problems.length > 0);
      const note = acceptance.passed
        ? `${acceptance.results.length} acceptance requests answered rightly`
        : failed
            .map(({ file, problems }) => `${file}: ${problems.join(", ")}`)
            .join("; ")
            .slice(0, 1000);
      await history.add(id, eventNow("tested", await history.caller(), { stage, passed: acceptance.passed, note }));
      if (!acceptance.passed)
        throw new CommandError(
          `${id} failed its acceptance in ${stage}: ${note}`,
          `It cannot go to prod. The endpoint of ${stage} still serves it, to look at.`,
        );
    }
    return { release: id, changed, endpoint, sample, acceptance };
  }
}
