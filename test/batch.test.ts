// Batch endpoints as a user has them: switched on by one setting, a job from a folder, rows that are bad, a second version, one that fails its check.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, copyCheckout } from "./checkout.ts";
import { json, minutes, refused, succeeded, until } from "./ran.ts";

let checkout: Checkout;
const up = (...more: string[]) => checkout.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev", ...more);
const set = async (...values: string[]): Promise<void> =>
  void succeeded(
    await checkout.pulumi(
      "config",
      "set-all",
      "--stack",
      "dev",
      "--path",
      ...values.flatMap((one) => ["--plaintext", `azure-mlops:${one}`]),
    ),
  );
const invoke = (...more: string[]) => checkout.mlops("batch", "invoke", ...more);
const head = "age,sex,bmi,bp,s1,s2,s3,s4,s5,s6";
const row = "59,2,32.1,101,157,93.2,38,4,4.8598,87";
const file = (path: string, rows: readonly string[]): void => {
  mkdirSync(join(checkout.dir, path, ".."), { recursive: true });
  writeFileSync(join(checkout.dir, path), `${[head, ...rows].join("\n")}\n`);
};

beforeAll(async () => {
  checkout = copyCheckout();
  succeeded(await checkout.mlops("start", "--deploy", "--json"));
}, 8 * minutes);
afterAll(() => checkout?.dispose(), minutes);

test(
  "one setting, and a folder of files is scored",
  async () => {
    refused(
      await invoke("--input", "README.md"),
      /stage dev has no batch endpoint\npulumi config set --path azure-mlops:batch.enabled true/,
    );
    await set("batch.enabled=true");
    expect(succeeded(await up()).stdout).toMatch(/blue: job batch-check-blue-\w+ scored the sample data, 21 lines in predictions.csv/);
    succeeded(await up("--expect-no-changes"));

    file("patients/a.csv", [row, row]);
    file("patients/b.csv", [row, row.replace("32.1", ""), row, row, row]);
    const { job, files } = json(await invoke("--input", "patients", "--out", "scores", "--json")) as {
      job: string;
      files: { path: string; lines: number }[];
    };
    expect(files).toEqual([expect.objectContaining({ path: join(checkout.dir, "scores", "score", "predictions.csv"), lines: 7 })]);
    const lines = readFileSync(files[0]!.path, "utf8")
      .trim()
      .split("\n")
      .toSorted((a, b) => a.localeCompare(b));
    expect(lines[0]).toMatch(/^a\.csv,0,193\.\d{4},$/);
    expect(lines).toContain("b.csv,1,,bmi is missing");
    // The same job again, and a data asset as input.
    expect(json(await invoke("--job", job, "--json", "--out", "again"))).toMatchObject({ status: "Completed", files: [{ lines: 7 }] });
    expect(json(await invoke("--input", "azureml:diabetes:1", "--json"))).toMatchObject({ files: [{ lines: 442 }] });
  },
  5 * minutes,
);

test(
  "a job with half its rows bad fails, says which, and brings nothing",
  async () => {
    file("half.csv", [row, row.replace("59", "old"), row, row.replace("59", "old")]);
    const failed = await invoke("--input", "half.csv", "--out", "half");
    refused(
      failed,
      /ended Failed: 1 files failed, more than error_threshold 0 allows\. \S*BadFile: half\.csv: 2 of 4 rows cannot be scored, more than 20 %: row 1: age is not a number/,
    );
    expect(() => readFileSync(join(checkout.dir, "half"))).toThrow(/ENOENT/);
    expect(failed.stderr).not.toMatch(/\bold\b/);
  },
  2 * minutes,
);

test(
  "Ctrl-C leaves the job running and says how to go on",
  async () => {
    const begun = checkout.begin("batch", "invoke", "--input", "patients");
    await until("the job", () => /job batchjob-\S+ on/.test(begun.stderr()));
    begun.stop("SIGINT");
    const { code, stderr } = await begun.done;
    expect(code).toBe(130);
    const [, job = ""] = /Follow it and get its outputs: npx mlops batch invoke --stage dev --job (\S+)\./.exec(stderr) ?? [];
    expect(stderr).toContain(`npx mlops cancel ${job} --stage dev`);
    expect(json(await invoke("--job", job, "--json"))).toMatchObject({ status: "Completed", files: [{ lines: 7 }] });
  },
  2 * minutes,
);

test(
  "a second version beside the first: not the default while its check fails, then the default, and the first again",
  async () => {
    succeeded(await checkout.mlops("train", "--no-up", "--set", "inputs.alpha=0.5", "--json"));
    const sample = join(checkout.dir, "project", "deploy", "batch-sample.csv");
    const good = readFileSync(sample, "utf8");
    writeFileSync(sample, good.replaceAll(/^\d+,/gm, "x,"));
    await set("modelVersion=2", "keptVersion=1", "slot=green");
    const failed = await up();
    // Which code Pulumi ends with depends on its version.
    expect(failed.code).not.toBe(0);
    refused(
      failed,
      /green failed its check; blue stays the default: job batch-check-green-\w+ ended Failed: .*cannot be scored/,
      failed.code,
    );
    expect((await invoke("--input", "patients/a.csv")).stderr).toContain("deployment blue");
    writeFileSync(sample, good);
    expect(succeeded(await up()).stdout).toContain("default deployment blue → green");
    const scored = async (...more: string[]): Promise<string> => {
      const { files } = json(await invoke("--input", "patients/a.csv", "--json", ...more)) as { files: { path: string }[] };
      return readFileSync(files[0]!.path, "utf8");
    };
    expect(await scored()).not.toBe(await scored("--deployment", "blue"));
    await set("modelVersion=1", "keptVersion=2", "slot=blue", "slotFrozen=true");
    expect(succeeded(await up()).stdout).toContain("default deployment green → blue");
    expect(await scored()).toBe(await scored("--deployment", "blue"));
  },
  8 * minutes,
);
