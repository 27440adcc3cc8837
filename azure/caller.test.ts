// Who is calling, by the claims that Entra's tokens have.
import { expect, test } from "@jest/globals";
import { callerIn } from "./caller.ts";

const token = (claims: object): string => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

test.each([
  [
    "a user, v1 token",
    { oid: "1", idtyp: "user", upn: "ann@example.org", name: "Ann" },
    { id: "1", name: "ann@example.org", kind: "user" },
  ],
  [
    "a guest without idtyp",
    { oid: "1", unique_name: "live.com#ann@example.org" },
    { id: "1", name: "live.com#ann@example.org", kind: "user" },
  ],
  ["an application", { oid: "2", idtyp: "app", appid: "abc" }, { id: "2", name: "abc", kind: "app" }],
  [
    "an application with a name",
    { oid: "2", idtyp: "app", appid: "abc", app_displayname: "train" },
    { id: "2", name: "train", kind: "app" },
  ],
  ["a managed identity, v2", { oid: "3", azp: "def" }, { id: "3", name: "def", kind: "app" }],
])("%s", (_what, claims, caller) => expect(callerIn(token(claims))).toEqual(caller));

test("a token that names nobody is no caller", () => {
  expect(() => callerIn(token({ appid: "abc" }))).toThrow(/oid/);
  expect(() => callerIn("opaque")).toThrow(/not a JWT/);
});
