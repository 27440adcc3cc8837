// The key that releases are signed with, in a vault of its own: a few may sign, whoever brings releases to stages may verify.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Key, Vault } from "./azure.ts";
import type { KeyArgs, VaultArgs } from "./azure.ts";
import { releasedName } from "./nameRelease.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";
import { grant } from "./roles.ts";
import type { Role } from "./roles.ts";

export interface ReleaseKeyArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly subscriptionId: Input<string>;
  readonly tenantId: Input<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly names: { readonly vault: Input<string>; readonly key: string };
  /** Sets the role assignments' names apart. */
  readonly seed: string;
  /** Entra object ids of those who make releases, and so sign them; "caller": whoever runs the first `up`. */
  readonly signers: readonly string[] | { readonly caller: Input<string> };
  /** Entra object ids of those who only verify. */
  readonly verifiers: readonly string[];
  /** A deleted vault stays for 90 days, whatever anyone does. Made again, it is recovered. */
  readonly purgeProtection: boolean;
  readonly override?: { readonly vault?: Override<VaultArgs>; readonly key?: Override<KeyArgs> };
}

/** What signing takes: the right to sign, and to find the key. */
export const signing = ["Key Vault Crypto User", "Key Vault Reader"] as const satisfies readonly Role[];
/** Who reads a key's public half can verify; no built-in role verifies by the vault without signing as well. */
export const verifying = ["Key Vault Reader"] as const satisfies readonly Role[];

/**
 * EC P-256, made in the vault, for signing and verifying only; what a vault makes cannot be exported unless it was made so.
 * https://learn.microsoft.com/azure/key-vault/keys/about-keys-details
 */
export class ReleaseKey extends ComponentResource {
  /** Resource Manager id of the key. */
  readonly keyId: Output<string>;
  readonly vaultId: Output<string>;
  readonly nodes: { readonly vault: Vault; readonly key: Key };

  constructor(name: string, args: ReleaseKeyArgs, opts?: ComponentResourceOptions) {
    super("mlops:release:ReleaseKey", name, {}, opts);
    const { resourceGroupName, location, tags, names, subscriptionId, purgeProtection, override = {} } = args;
    const child: CustomResourceOptions = { parent: this };
    const { release, whenRecovering } = releasedName(
      `${name}-release-vault-name`,
      { kind: "vault", name: names.vault, resourceGroupName, subscriptionId, location, keep: purgeProtection },
      child,
    );
    const vault = new Vault(
      `${name}-release-vault`,
      overridden(
        {
          ...{ resourceGroupName, location, tags: { ...tags } },
          vaultName: names.vault,
          properties: {
            tenantId: args.tenantId,
            sku: { family: "A", name: "standard" },
            enableRbacAuthorization: true,
            enableSoftDelete: true,
            // Azure accepts "true" or nothing here.
            ...(purgeProtection ? { enablePurgeProtection: true } : {}),
            softDeleteRetentionInDays: purgeProtection ? 90 : 7,
            ...(purgeProtection ? { createMode: whenRecovering("recover" as const) } : {}),
            // Pipelines reach it from outside any network, as the registry and the history.
            publicNetworkAccess: "enabled",
          },
        },
        override.vault,
      ),
      { ...child, dependsOn: [release] },
    );
    const key = new Key(
      `${name}-release-key`,
      overridden(
        {
          resourceGroupName,
          vaultName: vault.name,
          keyName: names.key,
          tags: { ...tags },
          properties: { kty: "EC", curveName: "P-256", keyOps: ["sign", "verify"] },
        },
        override.key,
      ),
      // It goes with its vault. Resource Manager cannot delete a key, and whoever runs `up` has no right to do it at the vault.
      { ...child, retainOnDelete: true },
    );

    const give = (who: string, principalId: Input<string>, wanted: readonly Role[], opts: CustomResourceOptions = {}): void => {
      for (const role of wanted) {
        const what = role === "Key Vault Reader" ? "reader" : "signer";
        grant(
          `${name}-release-key-${who}-${what}`,
          { role, scope: vault.id, principalId, subscriptionId },
          { ...child, ...opts, seed: args.seed },
        );
      }
    };
    // The first one who ran `up` stays, as in the history of releases.
    if ("caller" in args.signers) give("operator", args.signers.caller, signing, { ignoreChanges: ["principalId"] });
    else for (const id of new Set(args.signers)) give(id.slice(0, 8), id, signing);
    const signers = "caller" in args.signers ? [] : args.signers;
    for (const id of new Set(args.verifiers)) if (!signers.includes(id)) give(id.slice(0, 8), id, verifying);

    this.nodes = { vault, key };
    this.vaultId = vault.id;
    this.keyId = key.id;
    this.registerOutputs({ keyId: this.keyId, vaultId: this.vaultId });
  }
}
