// The sandbox as a process under load: many resources, queued jobs, a stream of requests, a soak, and kills in the middle of writes.
import type { BenchOptions, Figure } from "./figures.ts";
import { manyDeployments } from "./load/deployments.ts";
import { largeBodies } from "./load/bodies.ts";
import { jobQueue } from "./load/queue.ts";
import { kills } from "./load/kills.ts";
import { controlPlane } from "./load/rate.ts";
import { manyResources } from "./load/resources.ts";
import { soak } from "./load/soak.ts";

export async function measure(report: (line: string) => void, options: BenchOptions): Promise<Figure[]> {
  const figures = [...(await manyResources(report)), ...(await controlPlane(report)), ...(await jobQueue(report))];
  report(`${options.deployments} deployments`);
  figures.push(...(await manyDeployments(options.deployments, report)));
  report("bodies of 1 GB");
  figures.push(...(await largeBodies(report)));
  report(`kill -9, ${options.kills} times`);
  figures.push(...(await kills(options.kills, report)));
  report(`a soak of ${options.soak} minutes`);
  return [...figures, ...(await soak(options.soak, report))];
}
