// A sandbox that is killed in the middle of a pipeline leaves no process behind, and the same job completes after its restart.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopSandbox } from "../control.ts";
import { commandJob, jobSandbox, processesWith, type JobSandbox } from "./testing.ts";

let kit: JobSandbox;
beforeAll(async () => {
  kit = await jobSandbox(2);
}, 60_000);
afterAll(async () => await kit.sandbox.stop());

test("kill -9 during the second of three steps", async () => {
  const gate = join(kit.sandbox.dir, "gate");
  const step = async (name: string, command: string, inputs: object) => {
    const id = `${kit.workspace}/components/${name}/versions/1`;
    const answer = await kit.put(`components/${name}/versions/1`, {
      componentSpec: {
        name,
        version: "1",
        type: "command",
        environment: "azureml:empty:1",
        command,
        inputs,
        outputs: { out: { type: "uri_folder" } },
      },
    });
    expect(answer.status).toBe(201);
    return id;
  };
  const folder = { in: { type: "uri_folder" } };
  const one = await step("one", "date +%s%N > ${{outputs.out}}/t", {});
  // Waits for the gate, which opens after the kill only; leaves a process outside of its group.
  const two = await step(
    "two",
    `setsid sleep 300 & echo waiting; for i in $(seq 100); do [ -e ${gate} ] && break; sleep 0.1; done; [ -e ${gate} ] && cp \${{inputs.in}}/t \${{outputs.out}}/t`,
    folder,
  );
  const three = await step("three", "cat ${{inputs.in}}/t", folder);
  const from = (node: string) => ({ in: { job_input_type: "literal", value: `\${{parent.jobs.${node}.outputs.out}}` } });
  await kit.submit("survivor", {
    jobType: "Pipeline",
    settings: { default_compute: "cpu-cluster" },
    jobs: { one: { componentId: one }, two: { componentId: two, inputs: from("one") }, three: { componentId: three, inputs: from("two") } },
  });

  let second: string | undefined;
  for (let attempt = 0; attempt < 200 && !second; attempt++) {
    const child = (await kit.children("survivor")).find((run) => run.name === "two");
    if (child?.status === "Running" && (await kit.log(child.runId)).includes("waiting")) second = child.runId;
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const before = await kit.children("survivor");
  const mark = `AZUREML_RUN_ID=${second}`;
  expect(processesWith(mark).length).toBeGreaterThan(0);
  kit.sandbox.kill();
  // The pipe to the dead sandbox ends the group; what left the group is ended at the restart.
  for (let attempt = 0; attempt < 40 && processesWith(mark).length > 1; attempt++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(processesWith(mark).length).toBeLessThanOrEqual(1);
  writeFileSync(gate, "");
  expect(existsSync(gate)).toBe(true);
  await kit.sandbox.restart();
  await kit.until("survivor", "Completed");
  const after = await kit.children("survivor");
  const run = (runs: typeof after, name: string) => runs.find((one) => one.name === name)!;
  expect(after.map((one) => one.status)).toEqual(["Completed", "Completed", "Completed"]);
  expect(after.map((one) => one.runId)).toEqual(before.map((one) => one.runId));
  expect(run(after, "one").endTimeUtc).toBe(run(before, "one").endTimeUtc);
  expect(await kit.log(run(after, "three").runId)).toMatch(/^\d+\n$/);
  expect(processesWith(mark)).toEqual([]);
}, 60_000);

test("a sandbox that stops in an orderly way lets the job go on at its next start", async () => {
  const gate = join(kit.sandbox.dir, "second-gate");
  await kit.submit("patient", commandJob(`echo attempt; for i in $(seq 100); do [ -e ${gate} ] && exit 0; sleep 0.1; done; exit 1`));
  await kit.until("patient", "Running");
  while (!(await kit.log("patient")).includes("attempt")) await new Promise((resolve) => setTimeout(resolve, 50));
  await stopSandbox(kit.sandbox.dir);
  expect(processesWith("AZUREML_RUN_ID=patient")).toEqual([]);
  writeFileSync(gate, "");
  await kit.sandbox.restart();
  await kit.until("patient", "Completed");
  expect(await kit.log("patient")).toBe("attempt\nattempt\n");
}, 60_000);
