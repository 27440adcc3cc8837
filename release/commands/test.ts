// `mlops test`: sets the machine up and runs every test, the project's Python tests among them; what `npm test` and CI call.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectPythonPath } from "../../tools/setup/python.ts";
import { runSteps } from "../../tools/setup/step.ts";
import { toolchain } from "../../tools/setup/toolchain.ts";
import { type Command, CommandError } from "../command.ts";
import { passThrough, runChecks } from "./check.ts";

const jest = ["node", "--experimental-vm-modules", "--disable-warning=ExperimentalWarning", "node_modules/jest/bin/jest.js"] as const;

/** Tests that take minutes each, by path. */
const long = [
  "/node_modules/",
  "test/release-train\\.test",
  "test/bad-days\\.test",
  "test/automl\\.test",
  "test/bad-days-killed\\.test",
  "test/retraining\\.test",
  "test/kubernetes\\.test",
  "test/batch\\.test",
  "test/faults\\.test",
  "test/destroy\\.test",
  "test/cost\\.test",
  "test/pipelines/run\\.test",
  "test/clients/az-",
  "test/clients/azure-ai-ml-",
  "test/clients/mlflow-models",
];

export const test: Command = {
  name: "test",
  summary: "set up, check and run every test",
  details:
    "The release train from dev to prod, its bad days, commands under faults, the way back to training and the runs of both pipeline systems take minutes each: they come with --full.",
  examples: [
    "npm test",
    "npm run test:full                # the long ones too",
    "npm test -- assets   # only the test files whose path contains it",
  ],
  arguments: [{ name: "[paths...]", description: "only test files whose path contains one of these" }],
  options: [{ flags: "--full", description: "the long runs too" }],
  async run(call) {
    await runSteps(toolchain, (line) => call.out.progress(line));
    const failed: string[] = [];
    if (call.args.length === 0) {
      await runChecks(call).catch((error: Error) => failed.push(error.message));
      if (existsSync(projectPythonPath) && existsSync(join(call.repo, "project", "tests"))) {
        const code = await passThrough(join(call.repo, "project"), [projectPythonPath, "-m", "pytest", "-q", "tests"]);
        if (code !== 0) failed.push(`the project's pytest ended with ${code}`);
      }
    }
    const leaveOut =
      call.options["full"] === true || call.args.length > 0 ? [] : long.flatMap((path) => ["--testPathIgnorePatterns", path]);
    const code = await passThrough(call.repo, [...jest, "--maxWorkers=2", ...leaveOut, ...call.args]);
    if (code !== 0) failed.push(`jest ended with ${code}`);
    if (failed.length > 0) throw new CommandError(failed.join("; "));
  },
};
