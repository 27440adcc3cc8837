// What this sign-in may do at a place, as Azure itself says.
import type { Permission } from "../../core/rights.ts";
import type { Subject } from "./subject.ts";

/** https://learn.microsoft.com/rest/api/authorization/permissions; undefined where the scope does not answer. */
export async function permissionsAt(subject: Subject, scope: string): Promise<Permission[] | undefined> {
  const { azure } = await subject.login();
  const found = await azure.find<{ value: Permission[] }>(`${scope}/providers/Microsoft.Authorization/permissions`, {
    apiVersion: "2022-04-01",
    signal: subject.signal,
  });
  return found?.value;
}
