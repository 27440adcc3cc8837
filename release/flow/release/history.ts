// The history of releases, in the shared stack's storage: what every pipeline and every person sees, one writer at a time.
import { setTimeout as sleep } from "node:timers/promises";
import { type Azure, connect } from "../../../azure/client.ts";
import { callerOf } from "../../../azure/caller.ts";
import { DocumentChanged, type Documents, type Lease, openDocuments } from "../../../azure/documents.ts";
import { CommandError, type Output } from "../../command.ts";
import { Approval } from "../../core/approval.ts";
import { canonicalJson } from "../../core/digest.ts";
import { type ReleaseEvent, ReleaseRecord } from "../../core/history.ts";
import { decisionNotice, noticesOf } from "../../core/notices.ts";
import type { ReleaseManifest } from "../../core/manifest.ts";
import type { Person } from "../../core/person.ts";
import { emptyStage, serving, StageRecord } from "../../core/stageRecord.ts";
import type { Pulumi } from "../../pulumi.ts";
import type { Target } from "../../target.ts";
import { holderHere, holderIn, isDead, nameOf } from "./holder.ts";
import { Notifier } from "./notifier.ts";
import { ReleaseKey } from "./signature.ts";

/** Where the history is: outputs of the shared stack. */
export interface HistoryPlace {
  readonly account: string;
  readonly releases: string;
  readonly approvals: string;
  /** Resource Manager id of the key that releases are signed with; undefined where the shared stack is older than it. */
  readonly keyId: string | undefined;
}

/** Seconds that a hold on a stage outlives its holder, when that was killed. */
const leaseSeconds = 30;

export class History {
  readonly azure: Azure;
  /** Signs and verifies what is written down here. */
  readonly key: ReleaseKey;
  /** Told of what is written down here; none: nobody is. */
  notifier: Pick<Notifier, "tell"> | undefined;
  readonly #releases: Documents;
  readonly #approvals: Documents;

  constructor(azure: Azure, releases: Documents, approvals: Documents, key: ReleaseKey) {
    this.azure = azure;
    this.key = key;
    this.#releases = releases;
    this.#approvals = approvals;
  }

  static async at(azure: Azure, { account, releases, approvals, keyId }: HistoryPlace): Promise<History> {
    const [written, agreed] = await Promise.all([releases, approvals].map((container) => openDocuments(azure, account, container)));
    return new History(azure, written!, agreed!, new ReleaseKey(azure, keyId));
  }

  /** Undefined when there is no such release. */
  async release(id: string): Promise<ReleaseRecord | undefined> {
    const found = await this.#releases.read(recordPath(id));
    return found && parsed(ReleaseRecord, found.text, recordPath(id));
  }

  async releases(): Promise<ReleaseRecord[]> {
    const ids = (await this.#releases.list("releases/")).flatMap((path) => /^releases\/([^/]+)\/record\.json$/.exec(path)?.[1] ?? []);
    const all = await Promise.all(ids.map((id) => this.release(id)));
    return all.filter((one) => one !== undefined);
  }

  /** Writes a release down, or what `merge` makes of the record that is there. Returns what is in the history then. */
  async put(
    manifest: ReleaseManifest,
    events: readonly ReleaseEvent[],
    merge: (there: ReleaseRecord) => ReleaseRecord,
  ): Promise<ReleaseRecord> {
    const path = recordPath(manifest.id);
    const record = await this.#change(path, ReleaseRecord, (there) => (there ? merge(there) : { manifest, events: [...events] }));
    const written = events.filter(({ kind, at }) => record.events.some((one) => one.kind === kind && one.at === at));
    await this.notifier?.tell(record.manifest, noticesOf(written));
    return record;
  }

  /** Adds events to a release. */
  async add(id: string, ...events: readonly ReleaseEvent[]): Promise<ReleaseRecord> {
    const record = await this.#change(recordPath(id), ReleaseRecord, (there) => {
      if (!there) throw new CommandError(`the history has no release ${id}`, "`mlops releases` lists them.");
      return { ...there, events: [...there.events, ...events] };
    });
    await this.notifier?.tell(record.manifest, noticesOf(events));
    return record;
  }

  async stage(stage: string): Promise<StageRecord> {
    const found = await this.#releases.read(stagePath(stage));
    return found ? parsed(StageRecord, found.text, stagePath(stage)) : emptyStage(stage);
  }

  async putStage(record: StageRecord): Promise<void> {
    await this.#change(stagePath(record.stage), StageRecord, () => record);
  }

  async approvals(id: string, stage: string): Promise<Approval[]> {
    const paths = await this.#approvals.list(`${id}/${stage}/`);
    const all = await Promise.all(paths.map(async (path) => ({ path, found: await this.#approvals.read(path) })));
    return all.flatMap(({ path, found }) => (found ? [parsed(Approval, found.text, path)] : []));
  }

  /** Writes one person's word, over an earlier one of theirs. */
  async approve(approval: Approval): Promise<void> {
    const path = `${approval.release}/${approval.stage}/${approval.by.id.toLowerCase()}.json`;
    const there = await this.#approvals.read(path);
    await this.#approvals.write(path, layout(approval), there ? { etag: there.etag } : "new");
    const record = this.notifier && (await this.release(approval.release));
    if (record) await this.notifier?.tell(record.manifest, [decisionNotice(approval)]);
  }

  async caller(): Promise<Person> {
    return callerOf(this.azure);
  }

  /**
   * Does work on a stage that nobody else may do at the same time, in no other process and on no other machine. The hold is a blob
   * lease: it ends with this process, at the latest 30 s after it was killed. `wait` is how many seconds to wait for another's end.
   */
  async holding<T>(
    stage: string,
    options: { wait: number; signal: AbortSignal; say(line: string): void },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const path = `locks/${stage}`;
    const until = Date.now() + options.wait * 1000;
    const { name } = await this.caller();
    const take = (): Promise<Lease | undefined> => this.#releases.lease(path, leaseSeconds, (id) => layout(holderHere(name, id)));
    let lease = await take();
    let said = false;
    let ended = "";
    while (!lease) {
      const holder = holderIn((await this.#releases.read(path))?.text ?? "");
      if (holder && holder.lease !== ended && isDead(holder)) {
        ended = holder.lease;
        options.say(`the run of ${nameOf(holder)} on ${stage} was killed; its hold is ended`);
        await this.#releases.endLease(path, holder.lease);
      } else if (Date.now() > until) {
        throw new CommandError(
          `stage ${stage} is being changed by another run${holder ? `, of ${nameOf(holder)}` : ""}`,
          `Wait until it has ended (mlops releases shows it), or give --wait SECONDS. A run that was killed lets go after ${leaseSeconds} s.`,
        );
      } else {
        if (!said) options.say(`waiting for another run that changes ${stage}${holder ? `, of ${nameOf(holder)}` : ""}`);
        said = true;
        await sleep(1000, undefined, { signal: options.signal });
      }
      lease = await take();
    }
    const held = lease;
    const lost = new AbortController();
    let renewed = Date.now();
    // Whoever loses the hold must stop: by then another run may be at work.
    const beat = setInterval(
      () => {
        held.renew().then(
          () => (renewed = Date.now()),
          (error: unknown) => {
            if (Date.now() - renewed > (leaseSeconds - 5) * 1000)
              lost.abort(new CommandError(`the hold on stage ${stage} was lost: ${(error as Error).message}`, "Run the command again."));
          },
        );
      },
      (leaseSeconds / 4) * 1000,
    );
    beat.unref();
    try {
      return await work(AbortSignal.any([options.signal, lost.signal]));
    } finally {
      clearInterval(beat);
      await held.release().catch(() => undefined);
    }
  }

  async #change<T>(path: string, schema: { parse(value: unknown): T }, change: (there: T | undefined) => T): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const there = await this.#releases.read(path);
      const before = there && parsed(schema, there.text, path);
      const after = schema.parse(change(before));
      if (before !== undefined && canonicalJson(before) === canonicalJson(after)) return before;
      try {
        await this.#releases.write(path, layout(after), there ? { etag: there.etag } : "new");
        return after;
      } catch (error) {
        if (!(error instanceof DocumentChanged) || attempt > 20) throw error;
        await sleep(50 + Math.random() * 200);
      }
    }
  }
}

const recordPath = (id: string): string => `releases/${id}/record.json`;
const stagePath = (stage: string): string => `stages/${stage}.json`;
const layout = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function parsed<T>(schema: { parse(value: unknown): T }, text: string, path: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CommandError(
      `the history's ${path} cannot be read: ${(error as Error).message}`,
      "It was written by another version of this project, or by hand; the storage account keeps what it held before.",
    );
  }
}

/** The history of the stacks that `pulumi` knows. With `out`, what is written to it is told to those whom the stages' settings name. */
export async function openHistory(pulumi: Pulumi, target: Target, out?: Pick<Output, "progress">): Promise<History> {
  const [azure, shared] = await Promise.all([connect(target.env), pulumi.outputs("shared")]);
  const history = await History.at(azure, historyPlace(shared));
  const endpoint = shared?.["eventsEndpoint"];
  if (out && typeof endpoint === "string")
    history.notifier = new Notifier({
      ...{ azure, endpoint },
      say: (line) => out.progress(line),
      live: async (release) => {
        const live = serving(await history.stage("prod"));
        return live && live.release !== release ? (await history.release(live.release))?.manifest.run.metrics : undefined;
      },
      endpointUrl: async (stage) => {
        const uri = (await pulumi.outputs(stage))?.["scoringUri"];
        return typeof uri === "string" ? uri : "";
      },
    });
  return history;
}

/** @throws CommandError when the shared stack is not up, or was made before there was a history */
export function historyPlace(outputs: Readonly<Record<string, unknown>> | undefined): HistoryPlace {
  const { historyAccount, historyContainer, approvalsContainer, releaseKeyId } = outputs ?? {};
  if (typeof historyAccount !== "string")
    throw new CommandError("there is no history of releases: the shared stack is not up, or older than it", "pulumi up --stack shared");
  const keyId = typeof releaseKeyId === "string" ? releaseKeyId : undefined;
  return { account: historyAccount, releases: String(historyContainer), approvals: String(approvalsContainer), keyId };
}
