// What a user gets for each kind of wrong file: the place, the value, the rule and the fix, and all of it at once.
import { describe, expect, test } from "@jest/globals";
import { formatProblem, memoryFiles, readAsset, renderFiles, type Problem } from "./index.ts";

const GOOD_COMPONENT =
  "name: step\nversion: 1\ncommand: echo ${{inputs.data}}\nenvironment: azureml:e:1\ninputs: {data: {type: uri_folder}}\noutputs: {out: {type: uri_folder}}\n";

async function problemsOf(
  text: string | Uint8Array,
  others: Record<string, string> = {},
  sets: string[] = [],
): Promise<readonly Problem[]> {
  const result = await readAsset("job.yml", memoryFiles({ "/job.yml": text, "/step.yml": GOOD_COMPONENT, ...others }), { sets });
  return result.ok ? [] : result.problems;
}

const lines = async (text: string | Uint8Array, others?: Record<string, string>, sets?: string[]) =>
  (await problemsOf(text, others, sets)).map(formatProblem);

describe("the file itself", () => {
  test("empty", async () => {
    expect(await lines("")).toEqual(["job.yml:1:1: the file is empty. Fix: write the fields of the asset, or remove the file"]);
    expect((await lines("# only a comment\n---\n"))[0]).toMatch(/^job.yml:1:1: the file is empty/);
  });

  test("missing", async () => {
    const result = await readAsset("nowhere/a.yml", memoryFiles({}));
    expect(result.ok || formatProblem(result.problems[0]!)).toBe(
      "nowhere/a.yml:1:1: no such file. Fix: check the path; it is taken from the current folder",
    );
  });

  test("a folder", async () => {
    const result = await readAsset("folder", memoryFiles({ "/folder/a.yml": "x" }));
    expect(result.ok || result.problems[0]!.rule).toBe("is a folder, not a YAML file");
  });

  test("10 MB", async () => {
    const [problem] = await problemsOf(`# ${"x".repeat(10 * 1024 * 1024)}\n`);
    expect(problem).toMatchObject({
      file: "job.yml",
      line: 1,
      column: 1,
      value: "10.0 MB",
      rule: "a file has at most 4 MB, Azure Resource Manager's limit of a request",
    });
  });

  test("not UTF-8: the place of the first bad byte", async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode("name: ok\ntags: {a: é "), 0xe9, 0x20, 0xff]);
    expect(await lines(bytes)).toEqual(["job.yml:2:13: = byte 0xe9: is not UTF-8. Fix: save the file as UTF-8"]);
  });

  test("a tab between tokens, not one in quoted or block text", async () => {
    expect((await lines("name: a\n\tcommand: b\n"))[0]).toBe(
      "job.yml:2:1: = tab: YAML does not allow a tab between its tokens. Fix: indent and separate with spaces",
    );
    expect(await problemsOf("name: a\ncommand:\techo\n")).toMatchObject([{ line: 2, column: 9, value: "tab" }]);
    expect(await problemsOf('command: "a\tb"\nenvironment: azureml:e:1\n')).toEqual([]);
    expect(await problemsOf("command: |\n  a\tb\nenvironment: azureml:e:1 #\tnote\n")).toEqual([]);
  });

  test("broken YAML", async () => {
    expect((await problemsOf("command: [a, b\nenvironment: x\n"))[0]).toMatchObject({ file: "job.yml" });
    expect(await problemsOf("command: a\n---\ncommand: b\n")).toMatchObject([{ line: 2, rule: "a file holds one YAML document" }]);
    expect(await problemsOf("command: *nope\n")).toMatchObject([{ line: 1, column: 10, rule: expect.stringMatching(/nope|anchor/) }]);
    expect(await problemsOf("command: !secret x\n")).toMatchObject([{ rule: "the tag !secret cannot be loaded" }]);
    expect(await problemsOf("command: a\u0007b\n")).toMatchObject([{ line: 1, column: 11, value: "U+0007" }]);
  });

  test("aliases that grow without end", async () => {
    const text = `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]`).join("\n")}\n`;
    expect(await problemsOf(text)).toMatchObject([{ rule: expect.stringContaining("aliases are expanded") }]);
  });

  test("no mapping, and a file that does not say what it is", async () => {
    expect(await problemsOf("- a\n- b\n")).toMatchObject([{ line: 1, column: 1, rule: "must be a mapping of fields" }]);
    expect(await problemsOf("hello: world\n")).toMatchObject([{ rule: "the file does not say what it describes" }]);
    expect(await problemsOf("$schema: https://azuremlschemas.azureedge.net/latest/nonsense.schema.json\n")).toMatchObject([
      { line: 1, column: 10, rule: "names no kind that this program reads" },
    ]);
  });
});

describe("the fields", () => {
  test("unknown: the nearest name is offered", async () => {
    expect(await lines("command: a\nenvironment: azureml:e:1\ncompute: azureml:c\ndisplay_nam: x\n")).toEqual([
      'job.yml:4:1: `display_nam` = "x": no such field here. Fix: did you mean `display_name`?',
    ]);
  });

  test("missing", async () => {
    expect(await lines("compute: azureml:c\ntype: command\n")).toEqual([
      "job.yml:1:1: `command`: is required; it must be a string. Fix: add `command:`",
      expect.stringMatching(/^job.yml:1:1: `environment`: is required; it must be an environment/),
    ]);
  });

  test("wrong types, several at once, in the order of the file", async () => {
    const text =
      "command: [a]\nenvironment: azureml:e:1\ncompute: azureml:c\nlimits: {timeout: soon}\nresources:\n  instance_count: many\n  instanc_type: x\ntags: {a: 1}\n";
    expect((await problemsOf(text)).map(({ line, column, field, value }) => [line, column, field, value])).toEqual([
      [1, 10, "command", '["a"]'],
      [4, 19, "limits.timeout", '"soon"'],
      [6, 19, "resources.instance_count", '"many"'],
      [7, 3, "resources.instanc_type", '"x"'],
      [8, 11, "tags.a", "1"],
    ]);
    expect((await lines(text))[4]).toBe('job.yml:8:11: `tags.a` = 1: must be a string, not an integer. Fix: put it in quotes: "1"');
  });

  test("null where a value belongs", async () => {
    expect(await lines("command: a\nenvironment: azureml:e:1\ncompute:\n")).toEqual([
      "job.yml:3:1: `compute` = null: may not be null; it must be `azureml:<compute>`. Fix: give a value, or remove the line",
    ]);
  });

  test("the best of several forms is reported, not all of them", async () => {
    const job = (input: string) => `command: a\nenvironment: azureml:e:1\ncompute: azureml:c\ninputs:\n  x: ${input}\n`;
    expect(await lines(job("{type: uri_foldr, path: a}"))).toEqual([expect.stringContaining('`inputs.x.type` = "uri_foldr"')]);
    expect(await problemsOf(job("{type: mltable, path: azureml:a:1, mode: upload}"))).toMatchObject([
      { field: "inputs.x.mode", rule: expect.stringContaining("eval_mount") },
    ]);
    expect(await problemsOf("command: a\nenvironment: env:1\n")).toMatchObject([{ line: 2, field: "environment" }]);
  });

  test("unquoted dates and other surprises of YAML 1.1", async () => {
    expect(await lines("command: a\nenvironment: azureml:e:1\ncompute: azureml:c\ndescription: 2024-01-31\n")).toEqual([
      'job.yml:4:14: `description` = 2024-01-31: must be a string, not a date. Fix: put it in quotes: "2024-01-31"',
    ]);
    expect(await problemsOf("command: a\nenvironment: azureml:e:1\ncompute: azureml:c\ndisplay_name: no\n")).toMatchObject([
      { value: "false", rule: "must be a string, not a boolean" },
    ]);
  });

  test("missing files", async () => {
    expect(await lines("command: a\ncode: ./nowhere\nenvironment: {image: x, conda_file: gone.yml}\n")).toEqual([
      'job.yml:2:7: `code` = "./nowhere": no such file or folder: /nowhere. Fix: correct the path; it is taken from the folder of this file',
    ]);
    expect(await lines("command: a\ncompute: azureml:c\nenvironment: {image: x, conda_file: gone.yml}\n")).toEqual([
      expect.stringContaining('job.yml:3:37: `environment.conda_file` = "gone.yml": no such file: /gone.yml.'),
    ]);
  });
});

test("a component's command that binds to nothing", async () => {
  const text =
    "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\nname: c\nenvironment: azureml:e:1\ninputs: {data: {type: uri_folder}}\ncommand: a ${{inputs.data}} ${{inputs.date}} ${{outputs.x}} ${{name}}\n";
  expect(await lines(text)).toEqual([
    expect.stringMatching(
      /^job.yml:5:10: `command` = .*`\$\{\{inputs.date\}\}` binds to nothing: the component has no input `date`\. Fix: /,
    ),
    expect.stringMatching(/^job.yml:5:10: .*the component has no output `x`\. Fix: /),
  ]);
});

test("names without a version", async () => {
  const at = async (text: string) => (await lines(text)).map((line) => line.slice("job.yml:".length));
  expect(
    await at(
      "type: pipeline\ncompute: azureml:cpu\njobs:\n  a:\n    component: azureml:c\n  b:\n    command: x\n    environment: azureml:e\n",
    ),
  ).toEqual([
    '5:16: `jobs.a.component` = "azureml:c": needs a version. Fix: write azureml:c:<version>, or azureml:c@latest',
    '8:18: `jobs.b.environment` = "azureml:e": needs a version. Fix: write azureml:e:<version>, or azureml:e@latest',
  ]);
  expect(
    await at("name: blue\nendpoint_name: score\ninstance_type: x\ninstance_count: 1\nmodel: azureml:m\nenvironment: azureml:AzureML-own\n"),
  ).toEqual(['5:8: `model` = "azureml:m": needs a version. Fix: write azureml:m:<version>, or azureml:m@latest']);
});

describe("pipelines", () => {
  const pipeline = (jobs: string, rest = "") =>
    `type: pipeline\ncompute: azureml:c\ninputs: {raw: {type: uri_folder, path: azureml:d:1}}\n${rest}jobs:\n${jobs}`;
  const step = (name: string, data: string) => `  ${name}:\n    component: ./step.yml\n    inputs:\n      data: ${data}\n`;

  test("a good one", async () => {
    expect(await problemsOf(pipeline(step("a", "${{parent.inputs.raw}}") + step("b", "${{parent.jobs.a.outputs.out}}")))).toEqual([]);
  });

  test("bindings to nothing, all of them", async () => {
    const text = pipeline(
      step("a", "${{parent.inputs.rw}}") +
        step("b", "${{parent.jobs.c.outputs.out}}") +
        step("d", "${{parent.jobs.a.outputs.oot}}") +
        '    outputs: {out: "${{parent.outputs.model}}"}\n',
    );
    expect(await lines(text)).toEqual([
      'job.yml:8:13: `jobs.a.inputs.data` = "${{parent.inputs.rw}}": `${{parent.inputs.rw}}` binds to nothing: the pipeline has no input `rw`. Fix: did you mean `raw`?',
      expect.stringMatching(/^job.yml:12:13: .*the pipeline has no job `c`\. Fix: /),
      expect.stringMatching(/^job.yml:16:13: .*the job `a` has no output `oot`\. Fix: did you mean `out`\?$/),
      expect.stringMatching(/^job.yml:17:20: .*the pipeline has no output `model`/),
    ]);
  });

  test("nodes that wait for each other", async () => {
    const text = pipeline(
      step("a", "${{parent.jobs.c.outputs.out}}") +
        step("b", "${{parent.jobs.a.outputs.out}}") +
        step("c", "${{parent.jobs.b.outputs.out}}"),
    );
    expect(await problemsOf(text)).toMatchObject([
      { rule: "is a cycle: a → c → b → a wait for each other", fix: "take one of these bindings out" },
    ]);
  });

  test("pipeline components that contain each other", async () => {
    const component = (name: string, other: string) =>
      `$schema: x/pipelineComponent.schema.json\nname: ${name}\ntype: pipeline\njobs:\n  next:\n    type: pipeline\n    component: ./${other}.yml\n`;
    const problems = await problemsOf("type: pipeline\ncompute: azureml:c\njobs:\n  p:\n    type: pipeline\n    component: ./one.yml\n", {
      "/one.yml": component("one", "two"),
      "/two.yml": component("two", "one"),
    });
    expect(problems).toMatchObject([{ file: "two.yml", line: 7, column: 16, rule: "is a cycle: one.yml → two.yml → one.yml" }]);
  });

  test("faults in a component's file are reported there", async () => {
    const problems = await problemsOf(pipeline(step("a", "${{parent.inputs.raw}}")), {
      "/step.yml": "name: step\ncommand: echo ${{inputs.data}}\nenvironment: azureml:e:1\ninputs:\n  data: {type: uri_fold}\n",
    });
    expect(problems).toMatchObject([{ file: "step.yml", line: 5, column: 16, field: "inputs.data.type" }]);
  });

  test("a missing component file, input, and compute", async () => {
    expect(await problemsOf(pipeline("  a:\n    component: ./none.yml\n"))).toMatchObject([
      { line: 6, column: 16, rule: "no such file: /none.yml" },
    ]);
    expect(await problemsOf(pipeline("  a:\n    component: ./step.yml\n"))).toMatchObject([
      { line: 5, field: "jobs.a.inputs.data", rule: "the required input `data` is missing" },
    ]);
    expect(
      await problemsOf("type: pipeline\njobs:\n  a: {component: azureml:x:1}\n  b: {component: azureml:x:1, compute: azureml:c}\n", {}, [
        "display_name=x",
      ]),
    ).toMatchObject([{ line: 3, field: "jobs.a", rule: "the job `a` has no compute" }]);
  });

  test("kinds of nodes that are not open to everybody are named", async () => {
    expect(await problemsOf(pipeline("  a: {type: do_while}\n"))).toMatchObject([
      { field: "jobs.a.type", value: '"do_while"', rule: "nodes of this type are not open to everybody, and not read" },
    ]);
  });

  test("moving data: the task, what it takes, and what it needs", async () => {
    const transfer = async (rest: string) => await problemsOf(pipeline(`  a: {type: data_transfer, ${rest}}\n`));
    expect(await transfer("task: move")).toMatchObject([
      { field: "jobs.a.task", rule: "must be one of copy_data, import_data, export_data" },
    ]);
    expect(await transfer("task: import_data, source: {path: x, connection: c}")).toMatchObject([
      { field: "jobs.a.outputs", rule: "has one entry, `sink`", fix: "add `sink: {type: uri_folder}`" },
    ]);
    expect(await transfer("task: export_data, inputs: {source: {path: azureml:x:1}}, sink: {type: database, connection: c}")).toMatchObject(
      [{ field: "jobs.a.inputs.source.type", rule: "a database takes and gives a uri_file" }],
    );
  });
});

describe("--set", () => {
  const text = "command: a\nenvironment: azureml:e:1\ncompute: azureml:c\n";

  test("into what another file holds, without a value, into no mapping", async () => {
    expect(await lines(text, {}, ["environment.image=x"])).toEqual([
      "--set environment.image=x:1:1: `environment.image` = x: `environment` refers to something else (azureml:e:1), which --set cannot change. Fix: change what it refers to, or write it out in the file",
    ]);
    expect(await lines(text, {}, ["nonsense"])).toEqual([
      "--set nonsense:1:1: = nonsense: an override is <path>=<value>. Fix: write for example --set inputs.epochs=3",
    ]);
  });

  test("a bad value is reported at the override's place in the file, or the nearest", async () => {
    expect(await problemsOf(text, {}, ["limits.timeout=soon"])).toMatchObject([
      { file: "job.yml", field: "limits.timeout", value: '"soon"' },
    ]);
  });
});

test("renderFiles reports all bad files and renders the good ones", async () => {
  const files = memoryFiles({
    "/good.yml": GOOD_COMPONENT,
    "/bad1.yml": "",
    "/bad2.yml": "name: X\nversion: 1\ncommand: a\nenvironment: b\n",
  });
  const { lines: rendered, problems } = await renderFiles(["bad1.yml", "good.yml", "bad2.yml"], [], files);
  expect(rendered.map((line) => Object.keys(JSON.parse(line) as object))).toEqual([["path", "kind", "name", "version", "body"]]);
  expect(problems.map((problem) => `${problem.file}:${problem.line}`)).toEqual(["bad1.yml:1", "bad2.yml:1", "bad2.yml:4"]);
});
