// The Python environment in which the project's own tests run: .tools/project-python, from the requirements that the project names.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repo, runProgram, SetupError, type Step, tail, toolsDir } from "./step.ts";

const requirements = join(repo, "project", "tests", "requirements.txt");
const home = join(toolsDir, "project-python");
const stamp = join(home, "made-from");
const uvPath = join(toolsDir, "uv", "bin", "uv");

export const projectPythonPath = join(home, "bin", "python");

const wanted = (): string => createHash("sha256").update(readFileSync(requirements)).digest("hex");

export const projectPython: Step = {
  name: "Python environment of the project",
  // A project without tests of its own has nothing to make.
  ready: () => !existsSync(requirements) || (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted()),
  async run(_report, signal) {
    rmSync(stamp, { force: true });
    mkdirSync(toolsDir, { recursive: true });
    for (const args of [
      ["venv", "--quiet", "--clear", home],
      ["pip", "install", "--quiet", "--python", projectPythonPath, "-r", requirements],
    ]) {
      const done = await runProgram(uvPath, args, { cwd: repo, signal });
      if (done.code !== 0) throw new SetupError(`uv ${args[0]} ${args[1] ?? ""} failed:\n${tail(done.output)}`);
    }
    writeFileSync(stamp, wanted());
    return "made";
  },
};
