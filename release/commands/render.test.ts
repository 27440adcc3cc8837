// The command around the reader: one line a file on standard output, faults as wrong use, nothing else.
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Call, UsageError } from "../command.ts";
import { render } from "./render.ts";

let folder: string;
let written: string[];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "render-"));
  written = [];
  jest.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  fs.writeFileSync(path.join(folder, "good.yml"), "$schema: x/environment.schema.json\nname: e\nversion: 1\nimage: ubuntu\n");
  fs.writeFileSync(path.join(folder, "bad.yml"), "$schema: x/environment.schema.json\nname: e\nimag: ubuntu\ntags: 3\n");
});

afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(folder, { recursive: true });
});

const call = (args: string[], options: Record<string, unknown> = {}): Call => ({
  args: args.map((name) => path.join(folder, name)),
  options,
  repo: folder,
  signal: new AbortController().signal,
  out: { json: false, progress: () => {}, print: () => {}, result: () => {} },
});

test("prints one JSON line a file, with overrides", async () => {
  await render.run(call(["good.yml", "good.yml"], { set: ["image=alpine"] }));
  const line = {
    path: path.join(folder, "good.yml"),
    kind: "environment",
    name: "e",
    version: "1",
    body: { properties: { image: "alpine", isAnonymous: false, isArchived: false } },
  };
  expect(written.map((text) => JSON.parse(text) as unknown)).toEqual([line, line]);
});

test("bad files are wrong use, all their faults in one message; the good ones are still printed", async () => {
  const error: unknown = await Promise.resolve(render.run(call(["bad.yml", "good.yml"]))).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  const lines = (error as UsageError).message.split("\n");
  expect(lines[0]).toBe("2 problems");
  expect(lines.slice(1).map((line) => line.replace(`${folder}/`, "").split(" ")[0])).toEqual(["bad.yml:3:1:", "bad.yml:4:7:"]);
  expect(written).toHaveLength(1);
});

test("an unknown kind is wrong use", async () => {
  await expect(render.run(call(["good.yml"], { kind: "nonsense" }))).rejects.toThrow(UsageError);
});
