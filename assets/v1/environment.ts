// The scoring part of a v1 inference configuration: code, and an environment of image and packages.
import type { Files } from "../files.ts";
import { folderOf } from "../paths.ts";
import { plain } from "../yaml/value.ts";
import type { InferenceConfig } from "./schema.ts";

/** Images that scoring environments are built on today; those of v1 are retired. */
const CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest";
const GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04:latest";

/** `code_configuration`, `environment` and what belongs to them. Paths of v1 are taken from the source directory, else from the file. */
export function environmentOf(
  config: InferenceConfig,
  folder: string,
  files: Files,
  out: string,
  notes: string[],
): Record<string, unknown> {
  const base = config.sourceDirectory ? files.resolve(folder, config.sourceDirectory) : folder;
  const relative = (path: string): string => relativePath(files.resolve(out, "."), files.resolve(base, path));
  const script = config.entryScript.replaceAll("\\", "/");
  const code = config.sourceDirectory ? "." : folderOf(script);
  const scoring = config.sourceDirectory ? script : (script.split("/").at(-1) ?? script);
  noteOnScript(files, files.resolve(base, config.entryScript), config.entryScript, notes);
  if (config.runtime === "spark-py")
    notes.push("runtime spark-py has no counterpart online: score in batch, or load the model without Spark");
  if (config.extraDockerfileSteps)
    notes.push(
      `extraDockerfileSteps (${config.extraDockerfileSteps}): make a Dockerfile that begins with FROM ${CPU_IMAGE}, append them, and name its folder as environment.build.path instead of image and conda_file`,
    );
  const login = config.baseImageRegistry ?? config.environment?.docker?.baseImageRegistry;
  if (login?.username || login?.password)
    notes.push("the base image's registry had a user and password: give the endpoint's identity the role AcrPull there instead");
  return {
    code_configuration: { code: dotted(relative(code)), scoring_script: scoring },
    environment: environment(config, relative, notes),
    ...(config.environment?.environmentVariables ? { environment_variables: config.environment.environmentVariables } : {}),
  };
}

function environment(config: InferenceConfig, relative: (path: string) => string, notes: string[]): unknown {
  const given = config.environment;
  const packages = given?.python;
  const gpu = config.enableGpu === true || given?.docker?.gpuSupport === true || Boolean(config.cudaVersion);
  const image = config.baseImage ?? given?.docker?.baseImage;
  if (given?.name && !packages && !image) {
    const version = given.version;
    if (!version)
      notes.push(`environment ${given.name} had no version: its newest is taken; name one, so that a deployment can be repeated`);
    return `azureml:${given.name}${version ? `:${version}` : "@latest"}`;
  }
  if (given?.docker?.baseDockerfile)
    notes.push("environment.docker.baseDockerfile: save it as a Dockerfile and name its folder as environment.build.path instead of image");
  if (image === undefined || image === null)
    notes.push(`no base image was named: ${gpu ? GPU_IMAGE : CPU_IMAGE} is taken, the image of v1 is retired`);
  if (config.cudaVersion) notes.push(`cudaVersion ${config.cudaVersion}: the image decides the CUDA version now`);
  const conda = packages?.condaDependencies ?? packages?.condaDependenciesFile ?? config.condaFile;
  if (!conda) notes.push("no conda file was named: the environment has only what its image has; the packages of the model are needed");
  else
    notes.push(
      "packages: azureml-defaults brings the inference server; azureml-inference-server-http alone is enough where nothing else of it is used",
    );
  return {
    image: image ?? (gpu ? GPU_IMAGE : CPU_IMAGE),
    ...(conda ? { conda_file: typeof conda === "string" ? relative(conda) : plain(conda) } : {}),
  };
}

/** What a scoring script of v1 does that v2 does not know. */
function noteOnScript(files: Files, full: string, shown: string, notes: string[]): void {
  if (files.stat(full)?.type !== "file") {
    notes.push(`${shown} is not there; code_configuration needs it`);
    return;
  }
  const lines = new TextDecoder().decode(files.read(full)).split("\n");
  for (const [index, line] of lines.entries()) {
    const place = `${shown}:${index + 1}`;
    if (/Model\.get_model_path|azureml\.core\.model/.test(line))
      notes.push(`${place}: models lie below os.environ["AZUREML_MODEL_DIR"] now; replace azureml.core.Model`);
    if (/inference_schema|azureml\.contrib\.services/.test(line))
      notes.push(`${place}: add the package that it imports (inference-schema, azureml-contrib-services) to the conda file`);
  }
}

/** `./folder`, as the examples of Azure write it. */
const dotted = (path: string): string => (path.startsWith(".") ? path : `./${path}`);

/** From one folder to a path; both absolute, with `/` between folders. */
function relativePath(from: string, to: string): string {
  const [a, b] = [from, to].map((path) => path.replaceAll("\\", "/").split("/").filter(Boolean)) as [string[], string[]];
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return [...a.slice(same).map(() => ".."), ...b.slice(same)].join("/") || ".";
}
