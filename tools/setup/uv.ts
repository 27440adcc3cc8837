// Makes uv (the Python package manager that builds every Python environment here) at .tools/uv/bin/uv.
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { binDir, runProgram, SetupError, type Step, tail, toolsDir } from "./step.ts";

const UV_VERSION = "0.13.9";
const uvPath = join(toolsDir, "uv", "bin", "uv");

export const uv: Step = {
  name: "uv",
  ready: () => existsSync(uvPath) && existsSync(join(binDir, "uv")),
  async run(_report, signal) {
    const python = await findPython(signal);
    const fresh = join(toolsDir, `uv.${process.pid}`);
    const home = join(toolsDir, "uv");
    mkdirSync(toolsDir, { recursive: true });
    rmSync(fresh, { recursive: true, force: true });
    // `--target` needs pip only, not ensurepip, which Debian's Python leaves out.
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", fresh, `uv==${UV_VERSION}`];
    const done = await runProgram(python, install, { signal });
    if (done.code !== 0) {
      throw new SetupError(
        `${python} -m pip could not install uv ${UV_VERSION}:\n${tail(done.output)}\nInstall uv yourself (https://docs.astral.sh/uv/) or give ${python} its pip (Debian: apt install python3-pip).`,
      );
    }
    rmSync(home, { recursive: true, force: true });
    renameSync(fresh, home);
    mkdirSync(binDir, { recursive: true });
    rmSync(join(binDir, "uv"), { force: true });
    symlinkSync(uvPath, join(binDir, "uv"));
    return `installed ${UV_VERSION}`;
  },
};

async function findPython(signal: AbortSignal): Promise<string> {
  const seen: string[] = [];
  for (const name of ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"]) {
    const said = await runProgram(name, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { signal });
    if (said.code !== 0) continue;
    const [major = 0, minor = 0] = said.output.trim().split(".").map(Number);
    if (major === 3 && minor >= 10) return name;
    seen.push(`${name} is ${said.output.trim()}`);
  }
  throw new SetupError(`needs Python ≥ 3.10 on PATH; ${seen.join(", ") || "there is none"}. Install one and run this again.`);
}
