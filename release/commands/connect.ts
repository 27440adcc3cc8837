// `mlops connect github|azure-devops`: tells the shared stack where the pipelines run, and says what to set there.
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";
import { stages } from "../../settings/stage.ts";
import { connect as connectAzure } from "../../azure/client.ts";
import { stateNames, suffixOf } from "../../settings/names.ts";
import { azureDevOpsSteps, githubSteps, type Connected } from "../core/connect.ts";
import { type Pulumi, pulumiFor } from "../pulumi.ts";
import { chooseTarget, type Target, targetOption } from "../target.ts";

const rest = [{ flags: "--no-up", description: "do not run pulumi up --stack shared; only write its config" }, targetOption] as const;
const details =
  "Writes azure-mlops:pipelines into Pulumi.shared.yaml and runs pulumi up --stack shared, which makes an Entra application with federated credentials for each stage " +
  "that is up: no secret exists. Then prints what to set where the pipelines run. Run it again after a further stage came up.";

const github: Command = {
  name: "connect github",
  summary: "identities for GitHub Actions, and the variables to set there",
  details,
  examples: ["npx mlops connect github --repository contoso/churn"],
  options: [{ flags: "--repository <owner/name>", description: "the repository", required: true }, ...rest],
  async run(call) {
    const repository = option(call, "repository")!;
    if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
      throw new UsageError(`--repository is "${repository}"; it must be owner/name, such as contoso/churn`);
    const connected = await wire(call, { "github.repository": repository });
    call.out.print(githubSteps(repository, connected));
    call.out.result(connected);
  },
};

const azureDevOps: Command = {
  name: "connect azure-devops",
  summary: "identities for Azure DevOps' service connections, and how to make those",
  details,
  examples: ["npx mlops connect azure-devops --organization contoso --organization-id 4c8d… --project churn"],
  options: [
    { flags: "--organization <name>", description: "as in dev.azure.com/<name>", required: true },
    { flags: "--organization-id <guid>", description: "the organization's id (Organization settings, Overview)", required: true },
    { flags: "--project <name>", description: "the project", required: true },
    ...rest,
  ],
  async run(call) {
    const [organization, organizationId, project] = ["organization", "organizationId", "project"].map((name) => option(call, name)!);
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(organizationId!))
      throw new UsageError(`--organization-id is "${organizationId}"; it must be a GUID`);
    const values = {
      "azureDevOps.organization": organization!,
      "azureDevOps.organizationId": organizationId!,
      "azureDevOps.project": project!,
    };
    const connected = await wire(call, values);
    call.out.print(azureDevOpsSteps({ organization: organization!, project: project! }, connected));
    call.out.result(connected);
  },
};

export const connectCommands: readonly Command[] = [github, azureDevOps];

/** Writes the config, brings the shared stack up and reads what came of it. */
async function wire(call: Call, values: Readonly<Record<string, string>>): Promise<Connected> {
  const target = await chooseTarget(call);
  const pulumi = pulumiFor(call, target);
  const up = await stagesUp(pulumi);
  if (up.length === 0) {
    throw new CommandError(
      "no stage is up yet, so there is no resource group to give a pipeline a role in",
      "Bring the stages up once by hand, as yourself: pulumi up --stack dev (then qa, prod).",
    );
  }
  const azure = await connectAzure(target.env);
  const state = await stateAccount(target, (await pulumi.config("shared"))["prefix"] ?? "mlops", azure.subscriptionId);
  const all = {
    ...values,
    ...Object.fromEntries(up.map((stage, index) => [`stages[${index}]`, stage])),
    state: String(state !== undefined),
  };
  const args = Object.entries(all).flatMap(([path, value]) => ["--plaintext", `azure-mlops:pipelines.${path}=${value}`]);
  const set = await pulumi.run(["config", "set-all", "--path", "--stack", "shared", ...args]);
  if (set.code !== 0) throw new CommandError(`pulumi config set-all failed: ${set.stderr.trim()}`);
  if (call.options["up"] !== false) await pulumi.up("shared");
  const outputs = (await pulumi.outputs("shared")) ?? {};
  const config = await connectionFacts(target);
  return {
    ...config,
    clientIds: (outputs["pipelineClientIds"] ?? {}) as Record<string, string>,
    backendUrl: backendFor(target, state),
    stages: up,
  };
}

async function stagesUp(pulumi: Pulumi): Promise<string[]> {
  const found: string[] = [];
  for (const stage of stages) if ((await pulumi.outputs(stage))?.["resourceGroupName"] !== undefined) found.push(stage);
  return found;
}

/** The account that `mlops bootstrap` made for the state here; undefined when it made none. */
async function stateAccount(target: Target, prefix: string, subscriptionId: string): Promise<string | undefined> {
  const azure = await connectAzure(target.env);
  const { resourceGroup, account } = stateNames({ prefix }, suffixOf(subscriptionId));
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}`;
  return (await azure.find(id, { apiVersion: "2023-05-01" })) === undefined ? undefined : account;
}

/** What is in use now, unless that is this machine's own disk; else what `mlops bootstrap` made. */
function backendFor(target: Target, account: string | undefined): string | null {
  const now = target.env.PULUMI_BACKEND_URL;
  if (now && !now.startsWith("file:")) return now;
  return account === undefined ? null : `azblob://${stateNames({ prefix: "" }, "").container}?storage_account=${account}`;
}

async function connectionFacts(target: Target): Promise<{ tenantId: string; subscriptionId: string }> {
  const azure = await connectAzure(target.env);
  const claims = JSON.parse(
    Buffer.from((await azure.token(azure.cloud.resourceManagerScope)).split(".")[1]!, "base64url").toString("utf8"),
  ) as { tid?: string };
  return { tenantId: claims.tid ?? "", subscriptionId: azure.subscriptionId };
}
