// Environments (`az ml environment`): an image, an image with a conda file, or a build context.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment; REST EnvironmentVersion 2023-04-01-preview.
import { createHash } from "node:crypto";
import { UploadMark } from "../body.ts";
import { assetFields } from "../common/asset-fields.ts";
import { armId, localPath, registryUri } from "../schema/azure.ts";
import { orFile } from "../schema/file-reference.ts";
import { extend, object, union, type Entity } from "../schema/compound.ts";
import { BAD, readOnly, required, type At } from "../schema/field.ts";
import { any, int, oneOf, str, url, version } from "../schema/scalars.ts";
import { dumpYaml } from "../yaml/dump.ts";
import { isMap, type Yaml, type YamlMap } from "../yaml/value.ts";
import { EMPTY, readSource } from "../yaml/source.ts";
import { ProblemsError } from "../problems.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

const route = object({ port: required(int), path: required(str) });

const fields = {
  ...assetFields,
  id: union(registryUri("environment"), armId("environment")),
  build: object({ dockerfile_path: str, path: union(localPath(), url) }, { expects: "a build context with `path` and `dockerfile_path`" }),
  image: str,
  conda_file: any,
  inference_config: object({ liveness_route: required(route), scoring_route: required(route), readiness_route: required(route) }),
  os_type: oneOf(["linux", "windows"]),
  datastore: str,
  intellectual_property: readOnly(any),
} as const;

function notConda(value: YamlMap, at: At): YamlMap | typeof BAD {
  if (!value.has("channels") && !value.has("dependencies")) return value;
  return at.fail("is a conda file, not an environment", "write an environment with `name`, `image` and `conda_file: <this file>`");
}

/** An environment inside another file. Its name and version are ignored, as by the SDK. */
export const anonymousEnvironment = orFile(
  object(fields, {
    pathAware: true,
    before: (value, at) => withoutName(notConda(value, at)),
    expects: "an environment (image, conda_file or build)",
  }),
);

/** A named environment. */
export const namedEnvironment = orFile(extend(object(fields, { pathAware: true, before: notConda }), { name: required(str), version }));

export type EnvironmentEntity = Entity<typeof fields>;

function withoutName(value: YamlMap | typeof BAD): YamlMap | typeof BAD {
  if (value === BAD) return BAD;
  return new Map([...value].filter(([key]) => key !== "name" && key !== "version"));
}

export const environment = defineKind<EnvironmentEntity>({
  kind: "environment",
  noun: "environment",
  field: namedEnvironment,
  build: (entity, build) => buildEnvironment(entity, build, false),
});

/** The request of an environment. Anonymous ones carry the name and the version that the SDK gives them. */
export function buildEnvironment(entity: EnvironmentEntity, build: Build, anonymous: boolean): Draft {
  if (entity.image === undefined && entity.build === undefined)
    build.problem([], "an environment needs an image or a build context", "add `image:` or `build:`");
  if (entity.image !== undefined && entity.build !== undefined)
    build.problem(["build"], "an environment has an image or a build context, not both", "remove `image` or `build`");
  const conda = condaText(entity.conda_file, build);
  const tags = entity.tags && Object.keys(entity.tags).length ? entity.tags : null;
  const properties = {
    condaFile: conda,
    image: entity.image || null,
    build: entity.build && { contextUri: contextOf(entity.build.path, build), dockerfilePath: entity.build.dockerfile_path },
    osType: entity.os_type,
    tags,
    isAnonymous: anonymous,
    isArchived: false,
    inferenceConfig: entity.inference_config && {
      livenessRoute: entity.inference_config.liveness_route,
      readinessRoute: entity.inference_config.readiness_route,
      scoringRoute: entity.inference_config.scoring_route,
    },
    description: entity.description || null,
  };
  const body = { properties };
  if (!anonymous) return { name: entity.name ?? null, version: entity.version || undefined, body };
  const known = entity.image !== undefined && !entity.build && !entity.inference_config;
  return { name: "CliV2AnonymousEnvironment", version: known ? anonymousVersion(entity.image!, conda) : undefined, body };
}

function contextOf(path: string | undefined, build: Build): unknown {
  if (path === undefined || /^[a-z+]+:\/\//i.test(path)) return path;
  return new UploadMark("buildcontext", build.shown(path), build.absolute(path), { suffix: "/" });
}

/** The conda file as the SDK sends it: read, and written again with sorted keys. */
function condaText(conda: Yaml | undefined, build: Build): string | null {
  if (conda === undefined || conda === "" || conda === false || conda === 0 || (Array.isArray(conda) && !conda.length)) return null;
  if (isMap(conda)) return conda.size ? dumpYaml(conda) : null;
  if (typeof conda !== "string") {
    build.problem(
      ["conda_file"],
      "must be the path of a conda file or a conda specification",
      "write a path, or `dependencies:` below it",
      conda,
    );
    return null;
  }
  try {
    return dumpYaml(readSource(build.files, build.absolute(conda), build.shown(conda)).root);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    const [first] = error.problems;
    // An empty file is no conda file, for the SDK.
    if (first?.rule === EMPTY) return null;
    const missing = error.problems.length === 1 && first?.rule === "no such file";
    if (missing)
      build.problem(
        ["conda_file"],
        `no such file: ${build.absolute(conda)}`,
        "correct the path; it is taken from the folder of this file",
        conda,
      );
    else throw error;
    return null;
  }
}

// The SDK's own naming, so that both registers the same thing once: the second hash is written between the digits of the first.
function anonymousVersion(image: string, conda: string | null): string {
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  const first = sha(image);
  return sha(conda ? sha(conda).split("").join(first) : first);
}
