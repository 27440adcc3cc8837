// Which sign-in the environment asks for.
import { expect, test } from "@jest/globals";
import { signInFrom } from "./credential.ts";

const who = { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c" };

test.each([
  [{}, "logged in"],
  [who, "logged in"],
  [{ ...who, AZURE_CLIENT_SECRET: "s" }, "client secret"],
  [{ ARM_TENANT_ID: "t", ARM_CLIENT_ID: "c", ARM_CLIENT_SECRET: "s" }, "client secret"],
  [{ ...who, AZURE_FEDERATED_TOKEN_FILE: "/f" }, "workload identity"],
  [{ ...who, ARM_OIDC_TOKEN: "j" }, "oidc token"],
  [{ ...who, ACTIONS_ID_TOKEN_REQUEST_URL: "https://u", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "j" }, "github oidc"],
  [{ ...who, ACTIONS_ID_TOKEN_REQUEST_URL: "https://u" }, "logged in"],
  [{ ...who, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: "i", SYSTEM_ACCESSTOKEN: "j" }, "azure pipelines oidc"],
])("%j", (env, kind) => expect(signInFrom(env).kind).toBe(kind));

test("a secret comes before anything else, and AZURE_* before ARM_*", () => {
  expect(signInFrom({ ...who, ARM_CLIENT_ID: "other", AZURE_CLIENT_SECRET: "s", ARM_OIDC_TOKEN: "j" })).toEqual({
    ...{ kind: "client secret", tenantId: "t", clientId: "c", clientSecret: "s" },
  });
});
