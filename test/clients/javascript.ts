// Azure's JavaScript clients at a sandbox of their own: signed in by @azure/identity, each call noted by its outcome.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testSandbox, type TestSandbox } from "../../sandbox/testing.ts";
import { kept, Notes } from "./kept.ts";
import { inventoryOf, traced, versionOf } from "./traced.ts";

export const group = "rg-js";
export const location = "westeurope";
export const soon = { updateIntervalInMs: 20 };
/** The sandbox of this test file. */
export let sandbox: TestSandbox;
const clients = new Map<string, { client: object; notes: Notes }>();

beforeAll(async () => {
  sandbox = await testSandbox();
}, 60_000);
afterAll(async () => await sandbox.stop());

/** As the packages' documentation says for another cloud: the endpoint, and the scope of its tokens. */
export const options = (): { endpoint: string; credentialScopes: string[] } => {
  const endpoint = sandbox.info.armEndpoint.replace(/\/$/, "");
  return { endpoint, credentialScopes: [`${endpoint}/.default`] };
};

export function watch<Client extends object>(name: string, client: Client): Client {
  const notes = new Notes();
  clients.set(name, { client, notes });
  return traced(client, notes);
}

/** Expects that each call is refused by name, and notes it under its operation: `group.operation`. */
export async function refuses(
  name: string,
  calls: Readonly<Record<string, () => AsyncIterable<unknown> | PromiseLike<unknown>>>,
): Promise<void> {
  for (const [operation, call] of Object.entries(calls)) {
    const first = async (): Promise<unknown> => {
      const given = call();
      return "then" in given ? await given : await all(given);
    };
    await expect(first()).rejects.toMatchObject({ statusCode: 501, code: "NotModeledInSandbox" });
    clients.get(name)!.notes.refused(operation, "NotModeledInSandbox");
  }
}

export async function all<One>(pages: AsyncIterable<One>): Promise<One[]> {
  const found: One[] = [];
  for await (const one of pages) found.push(one);
  return found;
}
export const names = async (pages: AsyncIterable<{ name?: string }>): Promise<(string | undefined)[]> =>
  (await all(pages)).map(({ name }) => name);
export const at = (type: string, name: string): string => `${sandbox.subscription}/resourceGroups/${group}/providers/${type}/${name}`;

/** The last test of a file. */
export function keepsWhatWasSeen(): void {
  test("what was seen is what the docs' table is made from", () => {
    for (const [name, { client, notes }] of clients) {
      const version = versionOf(name);
      const file = name.replace("@azure/", "js.");
      const [was, is] = kept(file, { client: name, version, operations: notes.operations });
      expect(was).toEqual(is);
      const [wasAll, isAll] = kept(`${file}.all`, inventoryOf(name, version, client));
      expect(wasAll).toEqual(isAll);
    }
  });
}
