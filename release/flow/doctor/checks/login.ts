// Is somebody signed in, and to a subscription that works?
import { type Check, fail, ok } from "../check.ts";

export const login: Check = {
  name: "login",
  async run(subject) {
    const fix =
      subject.target.kind === "sandbox"
        ? "npx mlops sandbox status"
        : "az login, then export AZURE_SUBSCRIPTION_ID=…; in a pipeline: the job's OIDC permission and client id (docs/setup-github.md)";
    try {
      const { azure, caller } = await subject.tryLogin();
      const { displayName, state } = await azure.get<{ displayName?: string; state?: string }>(`/subscriptions/${azure.subscriptionId}`, {
        apiVersion: "2022-12-01",
        signal: subject.signal,
      });
      const where = `subscription ${displayName ?? azure.subscriptionId}`;
      // https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states
      if (state !== undefined && state !== "Enabled")
        return fail(
          `${where} is ${state}; nothing can be made or changed in it`,
          "Its owner has to renew it in the portal (Subscriptions).",
        );
      return ok(`${caller.name} in ${where}`);
    } catch (error) {
      return fail(`not signed in: ${(error as Error).message}`, fix);
    }
  },
};
