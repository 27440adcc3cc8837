// Tells the world of a release through Event Grid's topic in the shared stack. It never holds up a release: a few seconds, then a warning.
import { type Azure } from "../../../azure/client.ts";
import { publishEvents } from "../../../azure/eventGrid.ts";
import { type Notice, noticeEvent } from "../../core/notices.ts";
import type { ReleaseManifest } from "../../core/manifest.ts";

/** Longer than Event Grid takes; short enough that nobody minds. */
const patienceMs = 3000;

export interface NotifierOptions {
  readonly azure: Azure;
  /** `eventsEndpoint` of the shared stack; undefined: it is older than notifications. */
  readonly endpoint: string | undefined;
  readonly say: (line: string) => void;
  /** Metrics of what serves in prod, unless it is that release. */
  readonly live: (release: string) => Promise<Readonly<Record<string, number>> | undefined>;
  /** Where the stage answers; empty when it is not known. */
  readonly endpointUrl: (stage: string) => Promise<string>;
}

export class Notifier {
  readonly #options: NotifierOptions;
  #silent = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Resolves within seconds, whatever happens; what could not be told is said once, and no more is tried. */
  async tell(manifest: ReleaseManifest, notices: readonly Notice[]): Promise<void> {
    const { azure, endpoint, say } = this.#options;
    if (notices.length === 0 || endpoint === undefined || this.#silent) return;
    const limit = AbortSignal.timeout(patienceMs);
    const late = new Promise<never>((_, reject) =>
      limit.addEventListener("abort", () => reject(new Error(`no answer within ${patienceMs / 1000} s`)), { once: true }),
    );
    try {
      await Promise.race([this.#publish(azure, endpoint, manifest, notices, limit), late]);
    } catch (error) {
      this.#silent = true;
      say(
        `notify ${notices.map(({ kind }) => kind).join(", ")} of ${manifest.id} could not be told: ${(error as Error).message.split("\n")[0]}`,
      );
      say("notify the release goes on; its history has it (mlops releases show)");
    }
  }

  async #publish(
    azure: Azure,
    endpoint: string,
    manifest: ReleaseManifest,
    notices: readonly Notice[],
    signal: AbortSignal,
  ): Promise<void> {
    const stage = notices[0]!.stage;
    const [live, endpointUrl] = await Promise.all([
      this.#options.live(manifest.id).catch(() => undefined),
      this.#options.endpointUrl(stage).catch(() => ""),
    ]);
    const { workspace, job } = manifest.run;
    const runUrl = azure.cloud.isPublic
      ? `https://ml.azure.com/runs/${job}?wsid=${workspace}`
      : `${azure.cloud.resourceManager}${workspace}/jobs/${job}`;
    const events = notices.map((notice) => noticeEvent(notice, { manifest, live, runUrl, endpointUrl }));
    await publishEvents(azure, endpoint, events, signal);
  }
}
