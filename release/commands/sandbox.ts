// `mlops sandbox …`: the local Azure of this checkout, started, stopped, looked at, pointed at, thrown away.
import { createReadStream, existsSync, readFileSync, watchFile } from "node:fs";
import { createInterface } from "node:readline/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type EnvFor,
  keptFaults,
  logFile,
  resetSandbox,
  sandboxStatus,
  startSandbox,
  stopSandbox,
  unsetFor,
} from "../../sandbox/control.ts";
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";
import { stages } from "../open.ts";
import { describeFault, faults, readFaultFile } from "./faults.ts";
import { outbox } from "./outbox.ts";
import { projectName, pulumiFor } from "../pulumi.ts";
import { personEnv } from "../people.ts";
import { clientEnv, sandboxDir } from "../target.ts";

const start: Command = {
  name: "sandbox start",
  summary: "start this checkout's sandbox, or find it running",
  examples: [
    "npx mlops sandbox start",
    "npx mlops sandbox start --profile azure --scale 20   # as slow as Azure, divided by 20",
    "npx mlops sandbox start --faults faults.yml          # and what goes wrong (docs/sandbox.md)",
  ],
  options: [
    { flags: "--profile <name>", description: "latencies: none, or azure", choices: ["none", "azure"], default: "none" },
    { flags: "--scale <number>", description: "divides the profile's latencies", default: "1" },
    { flags: "--faults <file>", description: "a list of what shall go wrong; it stays set until `sandbox faults --clear`" },
  ],
  async run(call) {
    const scale = Number(option(call, "scale"));
    if (!(scale > 0)) throw new UsageError(`--scale is "${option(call, "scale")}"; it must be a number above 0`);
    const profile = option(call, "profile") as "none" | "azure";
    const dir = sandboxDir(call.repo);
    const file = option(call, "faults");
    const info = await startSandbox(dir, { profile, scale, ...(file === undefined ? {} : { faults: await readFaultFile(file) }) });
    call.out.print(`sandbox at ${info.armEndpoint}, process ${info.pid}, state in ${dir}`);
    printFaults(call);
    call.out.result(info);
  },
};

const stop: Command = {
  name: "sandbox stop",
  summary: "stop the sandbox; its state stays",
  examples: ["npx mlops sandbox stop"],
  async run(call) {
    const stopped = await stopSandbox(sandboxDir(call.repo));
    call.out.print(stopped ? "stopped; `mlops sandbox start` goes on with the same state" : "it was not running");
    call.out.result({ stopped });
  },
};

const status: Command = {
  name: "sandbox status",
  summary: "is the sandbox running, where, with what",
  examples: ["npx mlops sandbox status", "npx mlops sandbox status --json"],
  async run(call) {
    const found = await sandboxStatus(sandboxDir(call.repo));
    call.out.print(
      found.running ? `running at ${found.info.armEndpoint}, process ${found.info.pid}, since ${found.info.startedAt}` : "not running",
    );
    printFaults(call);
    call.out.result(found);
  },
};

const env: Command = {
  name: "sandbox env",
  summary: "print the environment variables that point a client at the sandbox",
  details: 'For bash and zsh: eval "$(npx mlops sandbox env)". Then pulumi, the Azure SDKs and az talk to the sandbox in that shell.',
  examples: [
    'eval "$(npx mlops sandbox env)" && pulumi preview --stack dev',
    "npx mlops sandbox env --for python",
    '(eval "$(npx mlops sandbox env --as ann)" && npx mlops approve --release diabetes-1 --stage prod)   # as somebody else',
  ],
  options: [
    { flags: "--for <client>", description: "for which client", choices: ["shell", "python", "node", "az", "proxy"], default: "shell" },
    {
      flags: "--as <name>",
      description:
        "sign in as an identity of this name of its own, made if it is not there (one person cannot play all parts of a release)",
    },
  ],
  async run(call) {
    const dir = sandboxDir(call.repo);
    await startSandbox(dir, { onStart: () => call.out.progress("sandbox  starting …") });
    const owner = await clientEnv(call.repo, option(call, "for") as EnvFor);
    const person = option(call, "as");
    const values = person === undefined ? owner : { ...owner, ...(await personEnv(call.repo, dir, person)) };
    if (values["PULUMI_BACKEND_URL"]) await makeStacks(call, values);
    const gone = unsetFor[option(call, "for") as EnvFor] ?? [];
    if (gone.length > 0) call.out.print(`unset ${gone.join(" ")}`);
    for (const [name, value] of Object.entries(values)) call.out.print(`export ${name}=${quoted(value)}`);
    call.out.result(values);
  },
};

const logs: Command = {
  name: "sandbox logs",
  summary: "show the sandbox's own log",
  examples: ["npx mlops sandbox logs", "npx mlops sandbox logs --follow"],
  options: [
    { flags: "--lines <number>", description: "how many of the last lines", default: "100" },
    { flags: "--follow", description: "go on as it grows, until Ctrl-C" },
  ],
  async run(call) {
    const file = logFile(sandboxDir(call.repo));
    if (!existsSync(file)) throw new CommandError("this checkout has no sandbox yet", "npx mlops sandbox start");
    const lines = Number(option(call, "lines"));
    if (!Number.isInteger(lines) || lines < 1)
      throw new UsageError(`--lines is "${option(call, "lines")}"; it must be a whole number from 1`);
    const text = readFileSync(file, "utf8");
    const last = text.trimEnd().split("\n").slice(-lines);
    call.out.print(last.join("\n"));
    call.out.result({ file, lines: last });
    if (call.options["follow"] === true) await followFile(call, file, Buffer.byteLength(text));
  },
};

const reset: Command = {
  name: "sandbox reset",
  summary: "stop the sandbox and throw its state away",
  details: "Resources, jobs, models, blobs and the sandbox's Pulumi stacks go. Ports, certificates and built Python environments stay.",
  examples: ["npx mlops sandbox reset", "npx mlops sandbox reset --yes   # asks nothing"],
  options: [{ flags: "--yes", description: "do not ask" }],
  async run(call) {
    const dir = sandboxDir(call.repo);
    if (call.options["yes"] !== true && !(await agreed(call, dir)))
      throw new CommandError("nothing was thrown away", "Answer y, or give --yes.");
    await resetSandbox(dir);
    call.out.print(`thrown away: the state in ${dir}`);
    call.out.result({ reset: true });
  },
};

export const sandboxCommands: readonly Command[] = [start, stop, status, env, logs, faults, outbox, reset];

function printFaults(call: Call): void {
  const set = keptFaults(sandboxDir(call.repo));
  if (set.length > 0) call.out.print(`faults that it plays: ${set.map(describeFault).join("; ")}`);
}

/** Plain `pulumi preview --stack qa` then works for every stack, brought up or not. */
async function makeStacks(call: Call, values: Record<string, string>): Promise<void> {
  const state = fileURLToPath(values["PULUMI_BACKEND_URL"] ?? "");
  const pulumi = pulumiFor(call, { kind: "sandbox", env: { ...process.env, ...values } });
  for (const stack of ["shared", ...stages]) {
    if (!existsSync(join(state, ".pulumi", "stacks", projectName, `${stack}.json`))) await pulumi.ensure(stack);
  }
}

const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

async function agreed(call: Call, dir: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y/i.test(await ask.question(`Throw away everything in ${dir}? [y/N] `, { signal: call.signal }));
  } finally {
    ask.close();
  }
}

function followFile(call: Call, file: string, from: number): Promise<void> {
  let at = from;
  return new Promise((resolve) => {
    const watcher = watchFile(file, { interval: 300 }, ({ size }) => {
      if (size < at) at = 0;
      const stream = createReadStream(file, { start: at, encoding: "utf8" });
      at = size;
      stream.pipe(process.stdout, { end: false });
    });
    call.signal.addEventListener("abort", () => {
      watcher.removeAllListeners();
      watcher.unref();
      resolve();
    });
  });
}
