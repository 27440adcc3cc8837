// Bodies are built with marks where something local or named stands; the marks become text and a list of where they were.
import type { Asset, Dependency, Reference, ReferenceType, Upload } from "./asset.ts";
import type { Files } from "./files.ts";
import { contentHash, jsonHash, uploadFiles, type Includes, type UploadFile } from "./upload.ts";
import { plain, put, Float, isMap, Stamp, type Yaml } from "./yaml/value.ts";

/** A local path that will be uploaded. */
export class UploadMark {
  readonly kind: Upload["kind"];
  /** As the body shows it. */
  readonly shown: string;
  readonly localPath: string;
  readonly suffix: "" | "/";
  readonly includes: Includes;
  readonly datastore: string | null;

  constructor(
    kind: Upload["kind"],
    shown: string,
    localPath: string,
    options: { suffix?: "" | "/"; includes?: Includes; datastore?: string | null } = {},
  ) {
    this.kind = kind;
    this.shown = shown;
    this.localPath = localPath;
    this.suffix = options.suffix ?? "";
    this.includes = options.includes ?? [];
    this.datastore = options.datastore ?? null;
  }
}

/** A named resource or asset. `text` is how the file names it, without the `azureml:` in front. */
export class ReferenceMark {
  readonly type: ReferenceType;
  readonly text: string;

  constructor(type: ReferenceType, text: string) {
    this.type = type;
    this.text = text;
  }
}

/** A mark inside of a text. */
export class TextMark {
  readonly before: string;
  readonly mark: UploadMark | ReferenceMark;
  readonly after: string;

  constructor(before: string, mark: UploadMark | ReferenceMark, after: string) {
    this.before = before;
    this.mark = mark;
    this.after = after;
  }
}

/** An asset that comes first. */
export class DependencyMark {
  readonly asset: Asset;

  constructor(asset: Asset) {
    this.asset = asset;
  }
}

interface Finished {
  body: Record<string, unknown>;
  uploads: Upload[];
  references: Reference[];
  dependencies: Dependency[];
  /** Hash of the content: paths count by what they hold, inline assets by their own hash. */
  hash: string;
}

/** Hashes of local paths, shared by all files of one call: a folder that ten components use is read once. */
export type Hashes = Map<string, { files: readonly UploadFile[]; hash: string }>;

/** Where the SDK writes full ids behind `azureml:`. */
const IN_SPEC = /^\/properties\/componentSpec\/(task\/)?(code|environment)$/;

/** Replaces the marks in a body, drops nulls and empty slots, and tells where each mark was. */
export function finishBody(draft: unknown, files: Files, hashes: Hashes): Finished {
  const result: Finished = { body: {}, uploads: [], references: [], dependencies: [], hash: "" };
  const content = (mark: UploadMark) => {
    const key = [mark.localPath, ...mark.includes].join("\0");
    let found = hashes.get(key);
    if (!found) {
      const list = uploadFiles(files, mark.localPath, mark.includes);
      hashes.set(key, (found = { files: list, hash: contentHash(files, list) }));
    }
    return found;
  };
  const walk = (value: unknown, pointer: string): unknown => {
    if (value instanceof UploadMark) {
      const upload: Upload = {
        pointer,
        kind: value.kind,
        localPath: value.localPath,
        includes: value.includes,
        suffix: value.suffix,
        datastore: value.datastore,
        get files() {
          return content(value).files;
        },
        get hash() {
          return content(value).hash;
        },
      };
      result.uploads.push(upload);
      return value.shown + (value.shown.endsWith("/") ? "" : value.suffix);
    }
    if (value instanceof ReferenceMark) {
      const reference = parseReference(value.type, value.text);
      result.references.push({ pointer, ...reference });
      return IN_SPEC.test(pointer) && reference.text.startsWith("/") ? `azureml:${reference.text}` : reference.text;
    }
    if (value instanceof TextMark) {
      const { before, mark, after } = value;
      const inner = walk(mark, pointer) as string;
      (mark instanceof UploadMark ? result.uploads : result.references).at(-1)!.around = [before, after];
      return before + inner + after;
    }
    if (value instanceof DependencyMark) {
      result.dependencies.push({ pointer, asset: value.asset });
      return `azureml:${value.asset.name}:${value.asset.version}`;
    }
    if (value instanceof Float) return value.value;
    if (value instanceof Stamp) return value.iso;
    if (isMap(value)) return walk(plainKeepingMarks(value), pointer);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${pointer}/${index}`));
    if (value === null || typeof value !== "object") return value;
    const object: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (item === null || item === undefined) continue;
      put(object, key, walk(item, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`));
    }
    return object;
  };
  result.body = walk(draft, "") as Record<string, unknown>;
  Object.defineProperty(result, "hash", { enumerable: true, get: () => bodyHash(result) });
  return result;
}

const plainKeepingMarks = (value: Yaml): unknown => plain(value);

function bodyHash(finished: Finished): string {
  const replaced = new Map<string, string>();
  for (const upload of finished.uploads)
    if (upload.kind === "code" || upload.kind === "buildcontext") replaced.set(upload.pointer, `sha256:${upload.hash}`);
  return jsonHash(replaceAt(finished.body, replaced));
}

/** A copy of a body with other values at some JSON pointers. The values may be anything, Pulumi outputs too. */
export function replaceAt(body: unknown, values: ReadonlyMap<string, unknown>, pointer = ""): unknown {
  if (values.has(pointer)) return values.get(pointer);
  if (Array.isArray(body)) return body.map((item, index) => replaceAt(item, values, `${pointer}/${index}`));
  if (body === null || typeof body !== "object") return body;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(body))
    put(copy, key, replaceAt(item, values, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`));
  return copy;
}

/** The body of an asset with its marks in it again, to take a part of it into another body. */
export function withMarks({ body, uploads, references, dependencies }: Asset): Record<string, unknown> {
  const uploaded = uploads.map(({ pointer, kind, localPath, ...options }) => {
    const steps = pointer.split("/").slice(1);
    const key = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~");
    const shown = steps.reduce<unknown>((value, step) => (value as Record<string, unknown>)[key(step)], body) as string;
    return [pointer, new UploadMark(kind, shown, localPath, options)] as const;
  });
  const values = new Map<string, unknown>([
    ...uploaded,
    ...references.map(({ pointer, type, text }) => [pointer, new ReferenceMark(type, text)] as const),
    ...dependencies.map(({ pointer, asset }) => [pointer, new DependencyMark(asset)] as const),
  ]);
  return replaceAt(body, values) as Record<string, unknown>;
}

/** What belongs at the pointer of an upload or a reference, once its URI or id is known. */
export const inPlace = ({ around: [before, after] = ["", ""] }: Pick<Upload | Reference, "around">, value: string): string =>
  before + value + after;

/** Takes a reference apart. Full ARM ids and registry URIs stay as they are; short names get `azureml:` in front. */
export function parseReference(type: ReferenceType, text: string): Omit<Reference, "pointer"> {
  const none = { type, text, name: null, version: null, label: null, registry: null };
  const registry = /^azureml:\/\/registries\/([^/]+)\/[^/]+\/([^/]+)(?:\/(versions|labels)\/([^/]+))?/.exec(text);
  if (registry)
    return {
      ...none,
      registry: registry[1]!,
      name: registry[2]!,
      version: registry[3] === "versions" ? registry[4]! : null,
      label: registry[3] === "labels" ? registry[4]! : null,
    };
  if (/^(\/|azureml:\/\/|https?:)/.test(text)) {
    const arm = /\/workspaces\/[^/]+\/[^/]+\/([^/]+)(?:\/(versions|labels)\/([^/]+))?/.exec(text);
    return {
      ...none,
      name: arm?.[1] ?? null,
      version: arm?.[2] === "versions" ? arm[3]! : null,
      label: arm?.[2] === "labels" ? arm[3]! : null,
    };
  }
  const short = { ...none, text: text.startsWith("azureml:") ? text : `azureml:${text}` };
  const bare = short.text.slice("azureml:".length);
  const at = bare.lastIndexOf("@");
  if (at > 0) return { ...short, name: bare.slice(0, at), label: bare.slice(at + 1) };
  const colon = bare.indexOf(":");
  return colon > 0 ? { ...short, name: bare.slice(0, colon), version: bare.slice(colon + 1) } : { ...short, name: bare };
}
