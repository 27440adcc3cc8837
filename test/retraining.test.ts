// The loop back to training, as `npm run demo:drift` tells it; and retraining by the calendar, by new data, cut off, and given up.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { newVersion, otherClinic, readTable, slipped, together } from "../release/flow/demo/clinic.ts";
import { type Checkout, copyCheckout, type Ran } from "./checkout.ts";

const minutes = 60_000;
const repo = dirname(import.meta.dirname);
const succeeded = (ran: Ran): Ran => {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stderr.slice(-6000)}\n${ran.stdout.slice(-2000)}`);
  return ran;
};

test(
  "npm run demo:drift: requests change, the monitor finds it, training begins, the gate says no, then yes, and the release waits",
  () => {
    const stdout = execFileSync(process.execPath, ["tools/mlops.mjs", "demo", "drift"], {
      cwd: repo,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    // In this order, each once it has happened.
    const told = [
      /442 patients, status 200 .*predicted on average 15\d/,
      /data_drift: within its thresholds/,
      /nothing to do: monitor run \S+ gives no reason/,
      /predicted on average 2[12]\d/,
      /data_drift: beyond the threshold: bmi, bp/,
      /mail +to team@example\.com: Monitor diabetes-monitor: data_drift beyond the threshold/,
      /training: monitor run \S+ found data_drift beyond the threshold; the training data has version 2/,
      /✗ r2 is 0\.35\d*; it must be at least 0\.4/,
      /refused +retraining for drift:\S+: diabetes-2 did not pass the gate/,
      /mail +to team@example\.com: The gate says no to diabetes:2/,
      /training: monitor run \S+ found data_drift beyond the threshold; the training data has version 3/,
      /✓ r2 is 0\.48/,
      /diabetes-3 is a release/,
      /mail +to ann@example\.com: diabetes:3 waits for approval for prod/,
      /nothing to do: /,
      /diabetes-3 .*qa tested/,
      /From drift to a release took/,
    ];
    let from = 0;
    for (const line of told) {
      const at = stdout.slice(from).search(line);
      expect([line.source, at >= 0 ? "told" : stdout.slice(from)]).toEqual([line.source, "told"]);
      from += at;
    }
  },
  12 * minutes,
);

describe("retraining", () => {
  let checkout: Checkout;
  const project = (): string => join(checkout.dir, "project");
  const retrain = (...more: string[]): Promise<Ran> => checkout.mlops("retrain", "--stage", "dev", ...more);
  const up = async (stack: string): Promise<Ran> => succeeded(await checkout.pulumi("up", "--yes", "--skip-preview", "--stack", stack));
  const releases = async (): Promise<string[]> =>
    (JSON.parse(succeeded(await checkout.mlops("releases", "--json")).stdout) as { releases: { id: string }[] }).releases.map(
      ({ id }) => id,
    );

  beforeAll(async () => {
    checkout = copyCheckout();
    succeeded(await checkout.mlops("sandbox", "env", "--json"));
    const values = ["everyDays=1", "onData=true", "attempts=1"].flatMap((one) => ["--plaintext", `azure-mlops:retrain.${one}`]);
    succeeded(await checkout.pulumi("config", "set-all", "--stack", "dev", "--path", ...values));
    for (const stack of ["shared", "dev"]) await up(stack);
  }, 4 * minutes);
  afterAll(() => checkout?.dispose(), minutes);

  test(
    "by the calendar: killed under way, the next run goes on with the same job",
    async () => {
      const first = checkout.begin("retrain", "--stage", "dev");
      while (!/as job \S+/.test(first.stderr())) await sleep(100);
      // The program itself, which the starter of `mlops` runs as its child.
      process.kill(Number(execFileSync("pgrep", ["-P", String(first.pid)], { encoding: "utf8" }).trim()), "SIGKILL");
      await first.done;
      const second = succeeded(await retrain());
      expect(second.stdout).toMatch(/^going on: \S+ \(days:\d{4}-\d\d-\d\d\) is under way/);
      expect(second.stdout).toContain("diabetes-1 is a release");
      const third = succeeded(await retrain());
      expect(third.stdout).toMatch(/^nothing to do: the data is still version 1; the last training is younger than 1 days/);
    },
    6 * minutes,
  );

  test(
    "by new data; given up when the gate says no as often as is allowed, until a person trains",
    async () => {
      const ours = readTable(join(project(), "data", "diabetes.csv"));
      newVersion(project(), "2", together(ours, slipped(otherClinic(ours))));
      await up("dev");
      const refused = await retrain();
      expect([refused.code, refused.stdout]).toEqual([
        1,
        expect.stringMatching(/^training: the training data has version 2, the last training used 1/),
      ]);
      expect(refused.stderr).toContain("retraining for data:2: diabetes-2 did not pass the gate");
      newVersion(project(), "3", together(ours, otherClinic(ours)));
      await up("dev");
      const stopped = await retrain();
      expect([stopped.code, stopped.stdout]).toEqual([1, expect.stringMatching(/^stopped: .*the last training did not pass the gate/)]);
      expect(stopped.stderr).toContain("train by hand: mlops train");
      expect((await releases()).toSorted()).toEqual(["diabetes-1", "diabetes-2"]);

      const given = ["--set", "inputs.data.path=azureml:diabetes:3", "--set", "inputs.data_version=3"];
      succeeded(await checkout.mlops("train", "--no-up", ...given, "--json"));
      expect(succeeded(await retrain("--dry-run")).stdout).toMatch(/^nothing to do: the data is still version 3/);
    },
    8 * minutes,
  );
});
