// Where the bad days happen: one checkout with its sandbox, brought to each starting point once, and put back there before a day.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { type Azure, connect } from "../../azure/client.ts";
import { sandboxEnv, startSandbox, stopSandbox } from "../../sandbox/control.ts";
import { type Checkout, copyCheckout, type Ran } from "../checkout.ts";
import { json, succeeded } from "../ran.ts";

export type Someone = Pick<Checkout, "mlops" | "pulumi" | "begin">;

/**
 * Starting points, each a step further than the one before: diabetes-1 is trained; it is in the registry; it is tested in qa; it serves prod
 * and diabetes-2 is tested in qa and approved for prod.
 */
export const starts = ["trained", "shared", "tested", "live"] as const;
export type Start = (typeof starts)[number];

/** What a copy of the state leaves where it is: big, and the same all the time. */
const lasting = ["environments", "pulumi-home"];
/** What a day may change outside of the sandbox's folder. */
const changeable = [
  "project",
  "release.json",
  "Pulumi.shared.yaml",
  ...["dev", "auto", "qa", "prod"].map((stage) => `Pulumi.${stage}.yaml`),
];

export class Scene {
  readonly checkout: Checkout;
  readonly ann: Someone;
  readonly bob: Someone;
  readonly #copies: string;
  readonly #kept: boolean;
  /** The starting point that the checkout is at, as long as nothing has changed it. */
  #at: Start | undefined;

  private constructor(checkout: Checkout, [ann, bob]: readonly [Someone, Someone], copies: string, kept: boolean) {
    this.checkout = checkout;
    this.ann = ann;
    this.bob = bob;
    this.#copies = copies;
    this.#kept = kept;
  }

  /** With BAD_DAYS_DIR, a folder to keep, the starting points are made there once and found again by the next run of the same name. */
  static async open(name: string): Promise<Scene> {
    const kept = process.env["BAD_DAYS_DIR"];
    const home = kept === undefined ? mkdtempSync(join(tmpdir(), "mlops-bad-days-")) : join(kept, name);
    for (const folder of ["checkout", "starts"]) mkdirSync(join(home, folder), { recursive: true });
    // The stacks' config is written by the commands: what is kept wins over the repository's.
    const checkout = copyCheckout(join(home, "checkout"));
    const copies = join(home, "starts");
    const first = starts.find((start) => existsSync(join(copies, start)));
    if (first) await restore(checkout, join(copies, first));
    const people = [await checkout.as("ann"), await checkout.as("bob")] as const;
    return new Scene(checkout, people, copies, kept !== undefined);
  }

  /** Puts everything to a starting point, which is made when it is asked for the first time. */
  async to(start: Start): Promise<void> {
    if (this.#at === start) return;
    const copy = join(this.#copies, start);
    if (!existsSync(copy)) {
      const before = starts[starts.indexOf(start) - 1];
      if (before) await this.to(before);
      this.#at = undefined;
      await make[start](this);
      await stopSandbox(this.path(".sandbox"));
      save(this.checkout, copy);
      await startSandbox(this.path(".sandbox"));
    } else {
      await restore(this.checkout, copy);
    }
    this.#at = start;
    if (start === "live") await this.answering("prod");
  }

  /** The day that begins now changes things: the next one gets its starting point anew. */
  changes(): void {
    this.#at = undefined;
  }

  /** Waits until the endpoint of a stage answers: a sandbox that was started a moment ago starts its processes beside. */
  async answering(stage: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const ran = await this.mlops("invoke", "--stage", stage, "--json");
      if (ran.code === 0 && (json(ran) as { status: number }).status === 200) return;
      if (tries > 20) throw new Error(`${stage} never answered\n${ran.stdout}\n${ran.stderr}`);
      await sleep(500);
    }
  }

  readonly mlops = (...args: string[]): Promise<Ran> => this.checkout.mlops(...args);
  readonly begin: Checkout["begin"] = (...args) => this.checkout.begin(...args);
  readonly path = (...parts: string[]): string => join(this.checkout.dir, ...parts);

  readonly deploy = (stage: string, release: string, ...more: string[]): Promise<Ran> =>
    this.mlops("deploy", "--stage", stage, "--release", release, "--json", ...more);

  /** Sets a key of a stack's config, by its path. */
  async set(stage: string, key: string, value: string): Promise<void> {
    succeeded(await this.checkout.pulumi("config", "set", "--path", `azure-mlops:${key}`, value, "--stack", stage));
  }

  /** Plain `pulumi up`, as someone would type it who knows nothing of `mlops`. */
  readonly up = (stage: string, ...more: string[]): Promise<Ran> =>
    this.checkout.pulumi("up", "--yes", "--non-interactive", "--skip-preview", "--stack", stage, ...more);

  /** Azure as the owner of the subscription sees it, from this process. */
  async azure(): Promise<Azure> {
    const env = await sandboxEnv(this.path(".sandbox"), "node");
    setDefaultCACertificates([...getCACertificates("default"), readFileSync(env["NODE_EXTRA_CA_CERTS"]!, "utf8")]);
    return connect(env);
  }

  async dispose(): Promise<void> {
    if (this.#kept) await stopSandbox(this.path(".sandbox"));
    else {
      await this.checkout.dispose();
      rmSync(join(this.#copies, ".."), { recursive: true, force: true });
    }
  }
}

const make: Readonly<Record<Start, (scene: Scene) => Promise<void>>> = {
  async trained(scene) {
    succeeded(await scene.mlops("start", "--no-deploy"));
    // Days are short: a canary is watched for two seconds at each step, and takes what a burst brings.
    await scene.set("prod", "rollout.bakeSeconds", "2");
    await scene.set("prod", "rollout.maxP95Ms", "20000");
    await scene.set("prod", "deploymentSet[0]", "request_settings.max_concurrent_requests_per_instance=200");
    await scene.set("prod", "deploymentSet[1]", "request_settings.request_timeout_ms=30000");
  },
  async shared(scene) {
    succeeded(await scene.mlops("share"));
  },
  async tested(scene) {
    succeeded(await scene.deploy("qa", "diabetes-1"));
  },
  async live(scene) {
    succeeded(await scene.ann.mlops("approve", "--release", "diabetes-1", "--yes"));
    succeeded(await scene.deploy("prod", "diabetes-1"));
    succeeded(await scene.mlops("train", "--no-up", "--set", "inputs.alpha=0.9"));
    succeeded(await scene.mlops("share"));
    succeeded(await scene.deploy("qa", "diabetes-2"));
    succeeded(await scene.ann.mlops("approve", "--release", "diabetes-2", "--yes"));
  },
};

/** Copies what a day may change. The sandbox has to be stopped. */
function save({ dir }: Checkout, copy: string): void {
  const fresh = `${copy}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(fresh, "sandbox"), { recursive: true });
  const state = readdirSync(join(dir, ".sandbox")).filter((entry) => !lasting.includes(entry));
  execFileSync("cp", ["-a", ...state.map((entry) => join(dir, ".sandbox", entry)), join(fresh, "sandbox")]);
  mkdirSync(join(fresh, "files"));
  const files = changeable.filter((file) => existsSync(join(dir, file)));
  execFileSync("cp", ["-a", ...files.map((file) => join(dir, file)), join(fresh, "files")]);
  execFileSync("mv", [fresh, copy]);
}

async function restore({ dir }: Checkout, copy: string): Promise<void> {
  await stopSandbox(join(dir, ".sandbox"));
  mkdirSync(join(dir, ".sandbox"), { recursive: true });
  for (const entry of readdirSync(join(dir, ".sandbox")).filter((entry) => !lasting.includes(entry)))
    rmSync(join(dir, ".sandbox", entry), { recursive: true, force: true });
  execFileSync("cp", ["-a", `${join(copy, "sandbox")}/.`, join(dir, ".sandbox")]);
  for (const file of changeable) rmSync(join(dir, file), { recursive: true, force: true });
  execFileSync("cp", ["-a", `${join(copy, "files")}/.`, dir]);
  await startSandbox(join(dir, ".sandbox"));
}
