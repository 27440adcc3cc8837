// Addresses of workflows' triggers, with the signature that lets their callers in.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { ArmResource, SandboxContext } from "../core.ts";
import { secretSetting } from "../state/database.ts";

const apiVersion = "2016-10-01";

/** The workflow's id in its addresses. */
export const guidOf = (workflow: ArmResource): string => String(workflow.properties["accessEndpoint"]).split("/").at(-1)!;

function signature(sandbox: SandboxContext, workflow: ArmResource, trigger: string): string {
  return createHmac("sha256", secretSetting(sandbox.db, "workflows.secret"))
    .update(`${guidOf(workflow)}/${trigger}`)
    .digest("base64url");
}

/** What listCallbackUrl answers. */
export function callbackUrl(sandbox: SandboxContext, workflow: ArmResource, trigger: string): Record<string, unknown> {
  const basePath = `${String(workflow.properties["accessEndpoint"])}/triggers/${trigger}/paths/invoke`;
  const queries = {
    "api-version": apiVersion,
    sp: `/triggers/${trigger}/run`,
    sv: "1.0",
    sig: signature(sandbox, workflow, trigger),
  };
  return { value: `${basePath}?${new URLSearchParams(queries).toString()}`, method: "POST", basePath, queries };
}

export function signedBy(sandbox: SandboxContext, workflow: ArmResource, trigger: string, given: string | undefined): boolean {
  const [right, wanted] = [Buffer.from(signature(sandbox, workflow, trigger)), Buffer.from(given ?? "")];
  return right.length === wanted.length && timingSafeEqual(right, wanted);
}
