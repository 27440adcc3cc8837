// Starts a deployment's data collector and tells its processes where it listens, with the variables that azureml-ai-monitoring reads.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArmError } from "../../core.ts";
import type { BlobLocation, SandboxContext } from "../../core.ts";
import { workspaceOf, type Parts } from "../parts.ts";
import type { DeploymentSpec } from "../spec.ts";
import { DataCollector } from "./collector.ts";

export interface Collecting {
  readonly collector: DataCollector | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** `dir` is the content's folder. Throws ArmError 400 when a collection's data asset cannot be found. */
export async function startCollecting(sandbox: SandboxContext, parts: Parts, spec: DeploymentSpec, dir: string): Promise<Collecting> {
  if (!spec.collector) return { collector: undefined, env: {} };
  const places: Record<string, BlobLocation> = {};
  for (const { name, dataId } of spec.collector.collections) {
    const usual = `azureml://datastores/workspaceblobstore/paths/modelDataCollector/${spec.endpointName}/${spec.name}/${name}`;
    try {
      places[name] = parts.locate(sandbox, dataId ?? usual, workspaceOf(spec.id));
    } catch (error) {
      throw new ArmError(400, "BadArgument", `Collection '${name}' cannot be kept: ${(error as Error).message}`, {
        target: `properties.dataCollector.collections.${name}.dataId`,
      });
    }
  }
  const config = join(dir, "mdc-config.json");
  await mkdir(dir, { recursive: true });
  await writeFile(
    config,
    JSON.stringify({
      runMode: "cloud",
      collections: Object.fromEntries(
        spec.collector.collections.map(({ name, samplingRate }) => [name, { enabled: true, sampleRatePercentage: samplingRate * 100 }]),
      ),
    }),
  );
  const say = (message: string): void => sandbox.log("serving", `${spec.endpointName}/${spec.name}: ${message}`);
  const collector = await DataCollector.start(sandbox, spec, spec.collector, places, say);
  return {
    collector,
    env: { AZUREML_MDC_CONFIG_PATH: config, AZUREML_MDC_HOST: "127.0.0.1", AZUREML_MDC_PORT: String(collector.port) },
  };
}
