// A stage's rule of approvals, from its stack's config, with the defaults of the program's own settings.
import { CommandError } from "../../command.ts";
import type { ApprovalPolicy } from "../../core/approval.ts";
import type { Pulumi } from "../../pulumi.ts";

/** As settings/stage.ts reads `approval`; that reading is the one that `pulumi up` holds to. */
export async function approvalPolicy(pulumi: Pulumi, stage: string): Promise<ApprovalPolicy> {
  await pulumi.ensure(stage);
  const text = (await pulumi.config(stage))["approval"];
  const defaults: ApprovalPolicy = { required: stage === "prod" ? 1 : 0, validHours: 72, approvers: [] };
  if (text === undefined || text === "") return defaults;
  try {
    const given = JSON.parse(text) as Partial<Omit<ApprovalPolicy, "validHours">> & { readonly validHours?: number | string };
    // `pulumi config set --path` writes decimals as text.
    return { ...defaults, ...given, validHours: Number(given.validHours ?? defaults.validHours) };
  } catch {
    throw new CommandError(
      `azure-mlops:approval of stack ${stage} is not an object: ${text}`,
      `pulumi config set --path 'azure-mlops:approval.required' 2 --stack ${stage}`,
    );
  }
}
