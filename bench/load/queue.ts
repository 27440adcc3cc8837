// 50 jobs on a cluster of 4 nodes: never more than 4 at once, all to their end, and no node idle while jobs wait.
import type { Figure } from "../figures.ts";
import { Target, timed } from "./target.ts";
import { workspace } from "./workspace.ts";

const JOBS = 50;
const NODES = 4;
const SECONDS = 2;

interface Job {
  readonly name: string;
  readonly properties: { readonly status: string };
}

export async function jobQueue(report: (line: string) => void): Promise<Figure[]> {
  const target = await Target.start(16);
  try {
    const id = await workspace(target, "queue");
    const cluster = { vmSize: "Standard_DS3_v2", scaleSettings: { maxNodeCount: NODES } };
    await target.must("PUT", `${id}/computes/cpu`, {
      location: "westeurope",
      properties: { computeType: "AmlCompute", properties: cluster },
    });
    const environment = `${id}/environments/plain/versions/1`;
    await target.must("PUT", environment, { properties: { image: "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04" } });
    const job = (name: string): unknown => ({
      properties: {
        jobType: "Command",
        displayName: name,
        experimentName: "queue",
        command: `sleep ${SECONDS}`,
        environmentId: environment,
        computeId: `${id}/computes/cpu`,
      },
    });
    // The environment is made once, by a job before those that are measured.
    await target.must("PUT", `${id}/jobs/first`, job("first"));
    await until(target, id, (jobs) => jobs.every(({ properties }) => properties.status === "Completed"));
    let most = 0;
    const [took, jobs] = await timed(async () => {
      await Promise.all(Array.from({ length: JOBS }, (_, index) => target.must("PUT", `${id}/jobs/job-${index}`, job(`job-${index}`))));
      return await until(target, id, (jobs) => {
        most = Math.max(most, jobs.filter(({ properties }) => properties.status === "Running").length);
        return jobs.every(({ properties }) => /^(Completed|Failed|Canceled)$/.test(properties.status));
      });
    });
    const wrong = jobs.filter(({ properties }) => properties.status !== "Completed");
    if (wrong.length > 0 || jobs.length !== JOBS + 1) throw new Error(`${jobs.length - 1} jobs, of which ${wrong.length} did not complete`);
    if (most > NODES) throw new Error(`${most} jobs ran at once on ${NODES} nodes`);
    const least = Math.ceil(JOBS / NODES) * SECONDS;
    report(`${JOBS} jobs of ${SECONDS} s in ${(took / 1000).toFixed(1)} s; at most ${most} at once; ${least} s is the least`);
    return [
      {
        name: `${JOBS} jobs queued on a cluster of ${NODES} nodes, against the least that they can take`,
        value: took / 1000 / least,
        unit: "×",
        atMost: 1.5,
        how: `jobs of ${SECONDS} s, sent at once: ${(took / 1000).toFixed(1)} s against ${least} s; at most ${most} ran at a time`,
      },
    ];
  } finally {
    await target.stop();
  }
}

async function until(target: Target, id: string, done: (jobs: Job[]) => boolean): Promise<Job[]> {
  for (;;) {
    const jobs = (JSON.parse((await target.must("GET", `${id}/jobs`)).text) as { value: Job[] }).value;
    if (done(jobs)) return jobs;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
