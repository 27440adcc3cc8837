// docs/curl.md: its commands are taken out of the page, run as they stand, and print what the page says.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { testSandbox, type TestSandbox } from "../../sandbox/testing.ts";

const repo = path.resolve(import.meta.dirname, "../..");
const page = readFileSync(path.join(repo, "docs/curl.md"), "utf8");
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)].map(([, commands, prints]) => ({
  commands: commands!,
  prints: prints!,
}));

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await testSandbox();
}, 60_000);
afterAll(async () => await sandbox.stop());

test("every block of commands has what it prints below it", () => {
  expect(blocks.length).toBe([...page.matchAll(/^```sh$/gm)].length);
  expect(blocks.length).toBeGreaterThan(5);
});

test("the page does what it says", () => {
  const end = "--- end of block ---";
  const script = blocks.map(({ commands }) => `${commands}\necho '${end}'\n`).join("");
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AZURE|ARM)_/.test(name)));
  const ran = spawnSync("bash", ["-euo", "pipefail"], {
    input: script,
    cwd: repo,
    env: { ...own, MLOPS_SANDBOX_DIR: sandbox.dir },
    encoding: "utf8",
    timeout: 100_000,
  });
  const printed = ran.stdout.split(`${end}\n`);
  for (const [index, { commands, prints }] of blocks.entries()) {
    const shown = `${commands}${printed[index] ?? "(not reached)"}${printed[index + 1] === undefined ? ran.stderr : ""}`;
    expect(shown).toMatch(new RegExp(`^${pattern(commands + prints)}$`));
  }
  expect(ran.status).toBe(0);
}, 120_000);

/** The text as a regular expression in which `…` stands for anything on its line. */
const pattern = (text: string): string =>
  text
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^\\n]*");
