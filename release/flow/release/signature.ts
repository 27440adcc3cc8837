// The release key as the command line, the stack program and the policy pack meet it: signs a release, says what is wrong with a signature.
import { callerOf } from "../../../azure/caller.ts";
import type { Azure } from "../../../azure/client.ts";
import { AzureError } from "../../../azure/errors.ts";
import { nameOf } from "../../../azure/ids.ts";
import { findKeyUri, findPublicKey, type PublicKey, signDigest } from "../../../azure/keys.ts";
import { CommandError } from "../../command.ts";
import { sha256 } from "../../core/digest.ts";
import type { ReleaseManifest } from "../../core/manifest.ts";
import { claimProblem, signatureProblem, signedBytes } from "../../core/signature.ts";

/** What is signed to see whether the caller may sign; no manifest has this content. */
const trial = Buffer.from("azure-mlops: may I sign?", "utf8");

export class ReleaseKey {
  readonly #azure: Azure;
  readonly #keyId: string | undefined;
  #uri: Promise<string> | undefined;
  readonly #versions = new Map<string, Promise<PublicKey | undefined>>();

  /** @param keyId the key's Resource Manager id; undefined where the shared stack is older than the key */
  constructor(azure: Azure, keyId: string | undefined) {
    this.#azure = azure;
    this.#keyId = keyId;
  }

  /** @throws CommandError when the caller could not sign a release, before one is made */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.#sign(trial, signal);
  }

  async signed(manifest: ReleaseManifest, signal?: AbortSignal): Promise<ReleaseManifest> {
    const { kid, value } = await this.#sign(signedBytes(manifest), signal);
    const signed: ReleaseManifest = { ...manifest, signature: { algorithm: "ES256", key: kid, value } };
    // What nobody could verify goes nowhere: better known now than at the next step.
    await this.check(signed, signal);
    return signed;
  }

  /** Why the release cannot be relied on, in a sentence; undefined when its signature is good. @throws CommandError when nobody can be asked */
  async problem(manifest: ReleaseManifest, signal?: AbortSignal): Promise<string | undefined> {
    const { signature } = manifest;
    const claim = claimProblem(manifest, await this.#keyUri(signal));
    if (claim !== undefined || !signature) return claim;
    return signatureProblem({ ...manifest, signature }, await this.#version(signature.key, signal));
  }

  /** @param file where the manifest was found, when not in the history. @throws CommandError */
  async check(manifest: ReleaseManifest, signal?: AbortSignal, file?: string): Promise<void> {
    const problem = await this.problem(manifest, signal);
    if (problem === undefined) return;
    const { name, version } = manifest.model;
    throw new CommandError(
      `${problem} (as ${file ?? "the history"} has it)`,
      file === undefined
        ? `Nothing was changed. mlops train --model ${name}:${version} judges the model anew and signs what passes; approvals have to be given anew then.`
        : `Nothing was changed. Take the file as mlops train wrote it, or name the release by its id: --release ${manifest.id}.`,
    );
  }

  async #sign(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<{ kid: string; value: string }> {
    const uri = await this.#keyUri(signal);
    return this.#asking("sign", "Key Vault Crypto User", () => signDigest(this.#azure, uri, Buffer.from(sha256(bytes), "hex"), signal));
  }

  async #keyUri(signal: AbortSignal | undefined): Promise<string> {
    this.#uri ??= this.#findUri(signal);
    return this.#uri;
  }

  async #findUri(signal: AbortSignal | undefined): Promise<string> {
    const keyId = this.#keyId;
    const uri = keyId && (await this.#asking("find", "Key Vault Reader", () => findKeyUri(this.#azure, keyId, signal)));
    if (uri) return uri;
    throw new CommandError(
      "there is no key to sign releases with: the shared stack is not up, or older than it",
      "pulumi up --stack shared",
    );
  }

  async #version(kid: string, signal: AbortSignal | undefined): Promise<PublicKey | undefined> {
    const known = this.#versions.get(kid) ?? this.#asking("read", "Key Vault Reader", () => findPublicKey(this.#azure, kid, signal));
    this.#versions.set(kid, known);
    return known;
  }

  /** Asks the vault; a refusal says which role is missing. */
  async #asking<T>(what: string, role: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AzureError) || error.status !== 403) throw error;
      const { name, id } = await callerOf(this.#azure);
      const vault = nameOf((this.#keyId ?? "").split("/keys/")[0]!);
      throw new CommandError(
        `${name} may not ${what} the key of releases: vault ${vault} answered ${error.message}`,
        `It takes the role ${role} there: azure-mlops:operators of the stack shared gives it to who trains, azure-mlops:approvers to who only verifies (object id ${id}). ` +
          "One that was just given takes up to ten minutes to hold.",
      );
    }
  }
}
