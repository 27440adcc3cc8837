import { expect, test } from "@jest/globals";
import { adviceFor } from "./advice.ts";

test.each([
  ['Status=409 Code="StorageAccountAlreadyTaken" Message="The storage account named x is already taken."', /prefix/],
  ["EndpointAlreadyExists: There is already an endpoint [PUT …: 409]", /endpointName/],
  ['Code="BadRequest" Message="Soft-deleted workspace exists. Please purge or recover it."', /--permanently-delete/],
  ['Code="ConflictError" Message="A vault with the same name already exists in deleted state."', /az keyvault recover/],
  ["OutOfQuota: Not enough quota available for Standard_DS3_v2 …; InternalServerError", /instance_type/],
  ["ClusterMinNodesExceedCoreQuota: The specified subscription has …", /compute\.size/],
  ['Status=429 Code="TooManyRequests"', /Wait some minutes/],
  ["no answer from https://localhost:1: read ECONNRESET", /network/],
  ['Status=503 Code="ServiceUnavailable"', /status\.azure\.com/],
  ['Status=400 Code="KeyVaultPolicyError" Message="Keyvault policy recoverable is not set"', /mlops doctor/],
  ["AuthorizationFailed: The client …", /role/],
])("%s", (said, next) => {
  expect(adviceFor(said)).toMatch(next);
});

test("what is not known, or only part of another word, has no advice", () => {
  expect(adviceFor("TypeError: x is not a function")).toBeUndefined();
  expect(adviceFor("https://example.com/Conflict MyConflictResolution")).toBeUndefined();
});
