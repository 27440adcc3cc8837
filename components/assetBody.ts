// From a read YAML file to the properties of an Azure resource: uploads, named assets and short references take their real ids.
import { basename } from "node:path";
import { ComponentResource, interpolate, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { inPlace, jsonHash, replaceAt } from "../assets/index.ts";
import type { Asset, Reference, Upload as LocalUpload } from "../assets/index.ts";
import { statePath } from "../provider/upload.ts";
import { AssetVersion, Upload } from "./mlops.ts";

/** A version that this program itself makes, by which others may name it (`azureml:name@latest`). */
export interface KnownVersion {
  readonly version: string;
  readonly id: Input<string>;
}

export interface AssetSourceArgs {
  readonly workspaceId: Input<string>;
  /** Where assets of the registry are looked for, when the stage takes them from there. */
  readonly registryName?: Input<string>;
  /** What has to be there before files can be sent: the roles of whoever sends them. */
  readonly sendAfter?: readonly Resource[];
}

/**
 * Where the assets of one workspace come from: sends each local folder once, however many assets name it, and knows the ids of the
 * versions that the program makes.
 */
export class AssetSource extends ComponentResource {
  readonly workspaceId: Output<string>;
  readonly nodes: { readonly uploads: Map<string, Upload> };
  readonly #name: string;
  readonly #args: AssetSourceArgs;
  readonly #known = new Map<string, KnownVersion>();
  readonly #inlined = new Map<string, KnownVersion>();

  constructor(name: string, args: AssetSourceArgs, opts?: ComponentResourceOptions) {
    super("mlops:assets:AssetSource", name, {}, opts);
    this.#name = name;
    this.#args = args;
    this.workspaceId = output(args.workspaceId);
    this.nodes = { uploads: new Map() };
    this.registerOutputs({});
  }

  /** Makes a version known to the files that name it. */
  know(collection: "data" | "environments" | "components", name: string, version: KnownVersion): void {
    this.#known.set(`${collection}/${name}`, version);
  }

  /**
   * The request's body with ids instead of local paths and names, and the version: the file's own, else one that follows from the
   * content, including what the names stood for.
   */
  resolve(asset: Asset): { body: Record<string, unknown>; version: string | null } {
    const values = new Map<string, Input<string>>();
    const meanings: Record<string, string> = {};
    for (const upload of asset.uploads) values.set(upload.pointer, inSpec(upload, this.#uploaded(upload)));
    for (const reference of asset.references) {
      const found = this.#referenced(reference);
      if (!found) continue;
      values.set(reference.pointer, inSpec(reference, found.id));
      if (found.version) meanings[reference.pointer] = found.version;
    }
    for (const dependency of asset.dependencies) {
      const found = this.#inline(dependency.asset);
      if (!found) continue;
      values.set(dependency.pointer, inSpec(dependency, found.id));
      meanings[dependency.pointer] = found.version;
    }
    const body = replaceAt(asset.body, values) as Record<string, unknown>;
    const derived = asset.version !== null && !asset.versionGiven && Object.keys(meanings).length > 0;
    return { body, version: derived ? jsonHash([asset.version, meanings]).slice(0, 16) : asset.version };
  }

  /** The URI of a local file or folder that is data, once it is sent. */
  data(local: Pick<LocalUpload, "localPath" | "hash" | "files">): Output<string> {
    return this.#uploaded({ ...local, kind: "data", includes: [], suffix: "" });
  }

  /** Code by its version's id, data by its URI. The upload itself is a resource of its own, one for each path. */
  #uploaded(local: Pick<LocalUpload, "kind" | "localPath" | "hash" | "files" | "includes" | "suffix">): Output<string> {
    const kind = local.kind === "code" ? "code" : "data";
    const path = statePath(local.localPath);
    const includes = local.includes.map(statePath);
    const key = [kind, path, ...includes].join("\0");
    let upload = this.nodes.uploads.get(key);
    if (!upload) {
      const label = [kind, path, ...includes].join("-").replaceAll(/[^\w.-]+/g, "-");
      upload = new Upload(
        `${this.#name}-${label}`,
        { workspaceId: this.#args.workspaceId, kind, path, hash: local.hash, ...(includes.length > 0 ? { includes } : {}) },
        { parent: this, dependsOn: [...(this.#args.sendAfter ?? [])] },
      );
      this.nodes.uploads.set(key, upload);
    }
    if (kind === "code") return upload.reference;
    const single = local.files.length === 1 && local.files[0]!.localPath === local.localPath;
    return interpolate`${upload.reference}${single ? `/${basename(local.localPath)}` : local.suffix}`;
  }

  /** An environment or component that stands in another file is a version of its own, made once however many files hold it. */
  #inline(asset: Asset): KnownVersion | undefined {
    const collection = asset.noun === "environment" || asset.noun === "component" ? (`${asset.noun}s` as const) : undefined;
    if (!collection || asset.name === null) return undefined;
    const { body, version } = this.resolve(asset);
    if (version === null) return undefined;
    const key = `${collection}/${asset.name}/${version}`;
    let known = this.#inlined.get(key);
    if (!known) {
      const made = new AssetVersion(
        `${this.#name}-${asset.name}-${version}`,
        {
          ...{ workspaceId: this.workspaceId, collection, name: asset.name, version },
          contentVersion: !asset.versionGiven,
          properties: body["properties"] as Record<string, unknown>,
          source: asset.path,
        },
        { parent: this, dependsOn: [...(this.#args.sendAfter ?? [])] },
      );
      this.#inlined.set(key, (known = { version, id: made.versionId }));
    }
    return known;
  }

  #referenced({ type, text, name, version, label, registry }: Reference): { id: Input<string>; version?: string } | undefined {
    const collection = collections[type];
    if (registry !== null || name === null || collection === undefined || !text.startsWith("azureml:")) return undefined;
    const id = this.#args.workspaceId;
    if (collection === "computes" || collection === "datastores") return { id: interpolate`${id}/${collection}/${name}` };
    const known = this.#known.get(`${collection}/${name}`);
    if (known && (label === "latest" || version === known.version || (version === null && label === null))) return known;
    if (version !== null) return { id: interpolate`${id}/${collection}/${name}/versions/${version}` };
    return undefined;
  }
}

const collections: Partial<Record<Reference["type"], string>> = {
  environment: "environments",
  component: "components",
  data: "data",
  model: "models",
  compute: "computes",
  datastore: "datastores",
};

/** Inside a component's specification ids have `azureml:` in front, elsewhere they stand bare. */
const inSpec = (place: Pick<LocalUpload, "pointer" | "around">, id: Input<string>): Input<string> =>
  place.around || place.pointer.startsWith("/properties/componentSpec/")
    ? interpolate`${id}`.apply((text) => (place.around ? inPlace(place, text) : text.startsWith("/") ? `azureml:${text}` : text))
    : id;
