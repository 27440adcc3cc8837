// Monitors in a real sandbox: what a schedule says is computed over what was collected, and told where Azure tells it.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { mailsOf, type Mail } from "../../mail/outbox.ts";
import { jobSandbox, type JobSandbox } from "../testing.ts";

const api = "api-version=2024-01-01-preview";
/** Reproducible values between -1 and 1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state / 2 ** 31) * 2 - 1;
  };
}
const at = Date.parse("2026-03-10T12:00:00Z");
const columns = ["bmi", "bp", "ward"] as const;
type Row = Partial<Record<(typeof columns)[number], number | string | null>>;
const rows = (count: number, seed: number, shift = 0): Row[] => {
  const next = noise(seed);
  return Array.from({ length: count }, () => ({
    bmi: 26 + shift + 4 * next(),
    bp: 95 + 12 * next(),
    ward: next() > 0 ? "north" : "south",
  }));
};
const csv = (table: readonly Row[]): string =>
  [columns.join(","), ...table.map((row) => columns.map((one) => row[one]).join(","))].join("\n");
/** Lines as the data collector writes them, one a row. */
const lines = (table: readonly object[], time: number): string =>
  table
    .map((row, i) => JSON.stringify({ specversion: "1.0", time: new Date(time).toISOString(), correlationid: `c${i}`, data: [row] }))
    .join("\n");

let kit: JobSandbox;
beforeAll(async () => {
  kit = await jobSandbox(2);
  const store = await kit.store("workspaceblobstore");
  const put = async (path: string, text: string): Promise<unknown> =>
    await store.getBlockBlobClient(path).upload(text, Buffer.byteLength(text));
  await put("training/table.csv", csv(rows(400, 1)));
  const hour = at - 3_600_000;
  await put("collected/2026/03/10/11/a.jsonl", lines(rows(200, 2, 5), hour));
  // Of another week: must not count.
  await put("collected/2026/01/10/11/b.jsonl", lines(rows(200, 3, 90), hour - 60 * 86_400_000));
  await put("steady/2026/03/10/11/a.jsonl", lines(rows(300, 4), hour));
  await put("one/2026/03/10/11/a.jsonl", lines(rows(1, 5), hour));
  const renamed = rows(100, 6).map(({ bmi, bp, ward }) => ({ BMI: bmi, bp, ward }));
  await put("renamed/2026/03/10/11/a.jsonl", lines(renamed, hour));
  const bad = rows(100, 7).map((row, i) =>
    i < 20 ? { ...row, bmi: null } : i < 30 ? { ...row, bmi: "high" } : i < 45 ? { ...row, ward: "west" } : row,
  );
  await put("bad/2026/03/10/11/a.jsonl", lines(bad, hour));
  await put(
    "answers/2026/03/10/11/a.jsonl",
    lines(
      Array.from({ length: 50 }, (_, i) => ({ prediction: 100 + i })),
      hour,
    ),
  );
  await put("truth/truth.csv", ["id,target", ...Array.from({ length: 40 }, (_, i) => `c${i}_0,${100 + i + (i % 2 ? 3 : -3)}`)].join("\n"));
  for (const name of ["training", "collected", "steady", "one", "renamed", "bad", "answers", "truth", "empty"]) {
    const uri = name === "training" ? "training/table.csv" : `${name}/`;
    const body = {
      dataType: name === "training" ? "uri_file" : "uri_folder",
      dataUri: `azureml://datastores/workspaceblobstore/paths/${uri}`,
    };
    const answer = await kit.put(`data/${name}/versions/1`, body);
    if (answer.status > 201) throw new Error(JSON.stringify(answer.body));
  }
}, 120_000);
afterAll(async () => await kit?.sandbox.stop());

const trailing = (name: string): object => ({
  ...{ inputDataType: "Trailing", jobInputType: "uri_folder", uri: `azureml:${name}:1`, windowSize: "P7D", windowOffset: "P0D" },
});
const training = { inputDataType: "Fixed", jobInputType: "uri_file", uri: "azureml:training:1", columns: { target_column: "none" } };
const threshold = (metric: string, value: number, dataType = "Numerical"): object => ({ metric, dataType, threshold: { value } });
const drift = (name: string, thresholds: object[], more: object = {}): object => ({
  ...{ signalType: "DataDrift", mode: "Enabled", productionData: trailing(name), referenceData: training, metricThresholds: thresholds },
  ...more,
});
const monitor = (signals: object, more: object = {}): object => ({
  action: {
    actionType: "CreateMonitor",
    monitorDefinition: {
      computeConfiguration: { computeType: "ServerlessSpark", instanceType: "standard_e4s_v3", runtimeVersion: "3.4" },
      signals,
      alertNotificationSetting: { alertNotificationType: "Email", emailNotificationSetting: { emails: ["ml@example.com"] } },
      ...more,
    },
  },
  trigger: { triggerType: "Cron", expression: "0 0 1 1 *" },
});

interface Metric {
  value?: number | null;
  threshold?: number;
  groups?: Record<string, { value: number | null; threshold: number }>;
}
/** Makes the monitor, runs it for that noon, and gives what it found. */
async function run(
  name: string,
  signals: object,
): Promise<{ signals: Record<string, Record<string, Metric>>; breached: string; log: string }> {
  const made = await kit.put(`schedules/${name}`, monitor(signals));
  if (made.status > 201) throw new Error(JSON.stringify(made.body));
  const fired = await kit.sandbox.call("POST", `${kit.workspace}/schedules/${name}/trigger?${api}`, {
    scheduleTime: new Date(at).toISOString(),
  });
  const job = (fired.body as { submissionId: string }).submissionId;
  const { tags, outputs } = (await kit.until(job, "Completed")) as {
    tags: Record<string, string>;
    outputs: { signal_output: { uri: string } };
  };
  const [child] = await kit.children(job);
  const folder = outputs.signal_output.uri.replace(/^.*\/paths\//, "").replace(/\/$/, "");
  const found: Record<string, Record<string, Metric>> = {};
  for (const signal of Object.keys(signals)) {
    const text = await kit.text("workspaceblobstore", `${folder}/signals/${signal}.json`);
    found[signal] = (JSON.parse(text) as { metrics: Record<string, Metric> }).metrics;
  }
  return { signals: found, breached: tags["azureml_modelmonitor_threshold_breached"] ?? "", log: await kit.log(child!.runId) };
}

/** What lies in the outbox about a monitor. */
function mailAbout(monitorName: string): Mail[] {
  const db = new DatabaseSync(join(kit.sandbox.dir, "state.db"));
  try {
    return mailsOf({ db }).filter(({ subject }) => subject.startsWith(`Monitor ${monitorName}:`));
  } finally {
    db.close();
  }
}

test("drift is found where it is, and nowhere else", async () => {
  const numeric = threshold("jensenShannonDistance", 0.25);
  const categorical = threshold("jensenShannonDistance", 0.25, "Categorical");
  const { signals, breached } = await run("drift", {
    moved: drift("collected", [numeric, categorical]),
    still: drift("steady", [numeric, categorical]),
    tested: drift("collected", [
      threshold("twoSampleKolmogorovSmirnovTest", 0.001),
      threshold("pearsonsChiSquaredTest", 0.001, "Categorical"),
    ]),
    far: drift("collected", [threshold("normalizedWassersteinDistance", 0.5), threshold("populationStabilityIndex", 0.2, "Categorical")]),
    index: drift("collected", [threshold("populationStabilityIndex", 0.2)], {
      features: { filterType: "FeatureSubset", features: ["bmi"] },
    }),
  });
  const moved = signals["moved"]!["JensenShannonDistance"]!.groups!;
  expect(moved["bmi"]!.value).toBeGreaterThan(0.4);
  expect(moved["bp"]!.value).toBeLessThan(0.2);
  expect(moved["ward"]!.value).toBeLessThan(0.1);
  expect(signals["moved"]).toMatchObject({ TargetRowCount: { value: 200 }, BaselineRowCount: { value: 400 } });
  expect(Math.max(...Object.values(signals["still"]!["JensenShannonDistance"]!.groups!).map(({ value }) => value!))).toBeLessThan(0.2);
  // The two tests give probabilities: small is far.
  expect(signals["tested"]!["TwoSampleKolmogorovSmirnovTest"]!.groups!["bmi"]!.value).toBeLessThan(1e-10);
  expect(signals["tested"]!["PearsonsChiSquaredTest"]!.groups!["ward"]!.value).toBeGreaterThan(0.001);
  // 5 of a standard deviation of 4 / √3.
  expect(signals["far"]!["NormalizedWassersteinDistance"]!.groups!["bmi"]!.value).toBeCloseTo(5 / (4 / Math.sqrt(3)), 0);
  expect(Object.keys(signals["index"]!["PopulationStabilityIndex"]!.groups!)).toEqual(["bmi"]);
  for (const name of ["moved", "tested", "far", "index"])
    expect(breached).toContain(`The signal '${name}' has failed due to one or more features violating metric thresholds.`);
  expect(breached).not.toContain("'still'");
  // One mail for all that this run found.
  expect(mailAbout("drift")).toEqual([
    expect.objectContaining({ to: ["ml@example.com"], subject: "Monitor drift: moved, tested, far, index beyond the threshold" }),
  ]);
}, 300_000);

test("quality: nulls, wrong types, values never seen before", async () => {
  const all = (dataType: string): object[] =>
    ["nullValueRate", "dataTypeErrorRate", "outOfBoundsRate"].map((metric) => threshold(metric, 0.12, dataType));
  const { signals, breached } = await run("quality", {
    quality: {
      signalType: "DataQuality",
      mode: "Enabled",
      productionData: trailing("bad"),
      referenceData: training,
      metricThresholds: [...all("Numerical"), ...all("Categorical")],
    },
  });
  const { NullValueRate, DataTypeErrorRate, OutOfBoundsRate } = signals["quality"]!;
  expect(NullValueRate!.groups).toMatchObject({ bmi: { value: 0.2 }, bp: { value: 0 } });
  expect(DataTypeErrorRate!.groups).toMatchObject({ bmi: { value: 0.1 }, bp: { value: 0 } });
  expect(OutOfBoundsRate!.groups).toMatchObject({ ward: { value: 0.15 } });
  expect([breached.includes("NullValueRate"), breached.includes("DataTypeErrorRate")]).toEqual([true, false]);
}, 120_000);

test("performance, once the truth is known: joined by correlation id", async () => {
  const { signals } = await run("performance", {
    errors: {
      signalType: "ModelPerformance",
      mode: "Enabled",
      productionData: [{ ...trailing("answers"), columns: { prediction: "prediction", correlation_id: "correlationid" } }],
      referenceData: {
        inputDataType: "Fixed",
        jobInputType: "uri_folder",
        uri: "azureml:truth:1",
        columns: { target_column: "target", correlation_id: "id" },
      },
      metricThreshold: { modelType: "Regression", metric: "rootMeanSquaredError", threshold: { value: 2 } },
    },
  });
  expect(signals["errors"]).toMatchObject({ JoinedRowCount: { value: 40 }, RootMeanSquaredError: { value: 3, threshold: 2 } });
}, 120_000);

test("bad days: no data, one row, a column that is called otherwise now", async () => {
  const js = [threshold("jensenShannonDistance", 0.25)];
  const features = { features: { filterType: "FeatureSubset", features: ["bmi", "bp"] } };
  const { signals, log } = await run("badday", {
    nothing: drift("empty", js),
    single: drift("one", js),
    renamed: drift("renamed", js, features),
  });
  expect(mailAbout("badday")).toHaveLength(1);
  expect(signals["nothing"]).toEqual({ BaselineRowCount: { value: 400 }, TargetRowCount: { value: 0 } });
  expect(log).toContain("nothing: no production data in its window");
  // Azure computes that too; how many rows it was is what tells.
  expect(signals["single"]).toMatchObject({ TargetRowCount: { value: 1 } });
  expect(signals["single"]!["JensenShannonDistance"]!.groups!["bmi"]!.value).toBeGreaterThan(0.5);
  expect(Object.keys(signals["renamed"]!["JensenShannonDistance"]!.groups!)).toEqual(["bp"]);
  expect(log).toContain("renamed: no data for bmi; production has BMI, bp, ward");
}, 120_000);

test.each([
  ["a data asset that is not there", drift("gone", []), 400, /gone/],
  [
    "a metric of another signal",
    drift("steady", [threshold("nullValueRate", 1)]),
    400,
    /metric is "nullValueRate"; a signal of type DataDrift has Jensen/,
  ],
  [
    "a metric for numbers on text",
    drift("steady", [threshold("normalizedWassersteinDistance", 1, "Categorical")]),
    400,
    /does not measure categorical/,
  ],
  ["no data and no deployment", { signalType: "DataDrift", metricThresholds: [] }, 400, /names no data/],
  ["a signal that the sandbox does not compute", { signalType: "FeatureAttributionDrift" }, 501, /FeatureAttributionDrift/],
])("%s is said when the monitor is made", async (_, signal, status, message) => {
  const answer = await kit.put("schedules/wrong", monitor({ one: signal }));
  expect([answer.status, (answer.body as { error: { message: string } }).error.message]).toEqual([status, expect.stringMatching(message)]);
});
