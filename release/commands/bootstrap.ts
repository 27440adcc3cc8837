// `mlops bootstrap`: what a team needs before its first `pulumi up` on Azure: a place for Pulumi's state and a key for its secrets.
import { type Call, type Command, option } from "../command.ts";
import { bootstrapState } from "../flow/bootstrap.ts";
import { chooseTarget, targetOption } from "../target.ts";

export const bootstrap: Command = {
  name: "bootstrap",
  summary: "make storage for Pulumi's state and a key for its secrets; print how to use them",
  details:
    "A resource group of its own with a storage account (versions and deleted blobs kept 30 days, no keys, TLS 1.2), a container, and a Key Vault with purge protection " +
    "and an RSA key. Whoever runs it gets the two roles that using them takes. Pulumi locks the state while it works. Safe to repeat: what is there is brought to this form. " +
    "Pulumi Cloud does as well: `pulumi login` instead of this.",
  examples: ["npx mlops bootstrap --target azure", "npx mlops bootstrap --target azure --location swedencentral --prefix risk"],
  options: [
    { flags: "--location <region>", description: "Azure region", default: "westeurope" },
    { flags: "--prefix <prefix>", description: "first part of every name, as azure-mlops:prefix", default: "mlops" },
    targetOption,
  ],
  async run(call: Call) {
    const target = await chooseTarget(call);
    const made = await bootstrapState(target, { location: option(call, "location")!, prefix: option(call, "prefix")! }, (line) =>
      call.out.progress(`bootstrap  ${line}`),
    );
    call.out.print(`
state    ${made.backendUrl}
secrets  ${made.secretsProvider ?? `the passphrase: ${made.withoutKey}`}

next:
  pulumi login '${made.backendUrl}'
  for stack in shared dev auto qa prod; do pulumi stack init $stack${made.secretsProvider ? ` --secrets-provider='${made.secretsProvider}'` : ""}; done
  pulumi up --stack shared --policy-pack policy
  npx mlops connect github    # or azure-devops`);
    call.out.result(made);
  },
};
