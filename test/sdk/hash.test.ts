// What an upload sends and its hash, against the SDK: both must find each other's code in the workspace.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { contentHash, uploadFiles } from "../../assets/index.ts";
import { diskFiles } from "../../release/files.ts";
import { sdkPython } from "./setup.ts";

const folders: Record<string, Record<string, string>> = {
  plain: { "a.py": "a", "b/c.py": "c", "b/d/e.txt": "", "Z.txt": "z", "é.txt": "ü" },
  amlignore: {
    ".amlignore": "*.log\nnotes/\n!keep.log\n/top.txt\n# comment\n\n  \nsub/*.tmp\n**/deep\n",
    ".gitignore": "a.py\n",
    "a.py": "",
    "x.log": "",
    "keep.log": "",
    "notes/n.txt": "",
    "in/notes/n.txt": "",
    "top.txt": "",
    "in/top.txt": "",
    "sub/a.tmp": "",
    "sub/b/a.tmp": "",
    "x/deep/f": "",
    deep: "",
  },
  gitignore: {
    ".gitignore": "data\n!data/keep.txt\nbuild/**\n*.py[cod]\n[Aa].txt\n",
    "data/x": "",
    "data/keep.txt": "",
    "build/a/b": "",
    "m.pyc": "",
    "m.py": "",
    "A.txt": "",
    "b.txt": "",
  },
  caches: { "__pycache__/a.pyc": "", "pkg/__pycache__/b.pyc": "", "pkg/b.py": "b" },
  nested: { "sub/.amlignore": "*.txt\n", "sub/a.txt": "", "b.txt": "" },
};
let root: string;
let answers: Record<string, { hash: string; files: string[] }>;

beforeAll(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "assets-hash-"));
  for (const [folder, contents] of Object.entries(folders))
    for (const [name, text] of Object.entries(contents)) {
      fs.mkdirSync(path.dirname(path.join(root, folder, name)), { recursive: true });
      fs.writeFileSync(path.join(root, folder, name), text);
    }
  fs.symlinkSync(path.join(root, "nested"), path.join(root, "plain", "linked"));
  fs.symlinkSync(path.join(root, "nested", "b.txt"), path.join(root, "plain", "link.txt"));
  const names = Object.keys(folders);
  const out = execFileSync(sdkPython(), [path.join(import.meta.dirname, "hash_oracle.py")], {
    input: JSON.stringify(names.map((name) => path.join(root, name))),
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
  });
  answers = Object.fromEntries((JSON.parse(out) as { hash: string; files: string[] }[]).map((answer, index) => [names[index]!, answer]));
}, 300_000);

afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

test.each(Object.keys(folders))("%s", (name) => {
  const files = diskFiles();
  const list = uploadFiles(files, path.join(root, name));
  expect(list.map((file) => file.name).toSorted()).toEqual(answers[name]!.files.toSorted());
  expect(contentHash(files, list)).toBe(answers[name]!.hash);
});
