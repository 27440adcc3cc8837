// Locks as Pulumi prints them, and what is done about those that are in the way.
import { afterAll, expect, test } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { lockedElsewhere, locksIn, removed, standing } from "./pulumiLock.ts";

const dir = mkdtempSync(join(tmpdir(), "mlops-lock-"));
afterAll(() => rmSync(dir, { recursive: true }));

const said = (
  address: string,
  host: string,
  pid: number,
): string => `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  ${address}: created by root@${host} (pid ${pid}) at 2026-05-01T12:00:00Z`;
const dead = spawnSync(process.execPath, ["-e", ""]).pid;

test("whose a lock is", () => {
  const [lock] = locksIn(said("azblob://state/.pulumi/locks/organization/azure-mlops/prod/1.json", "build-7", 42));
  expect(lock).toEqual({
    address: "azblob://state/.pulumi/locks/organization/azure-mlops/prod/1.json",
    ...{ user: "root", host: "build-7", pid: 42, since: "2026-05-01T12:00:00Z" },
  });
  expect(locksIn("error: something else: created by root@build-7 (pid 42) at noon")).toEqual([]);
  expect(lockedElsewhere("prod", [lock!]).message).toBe("stack prod is locked by root@build-7 (process 42) since 2026-05-01T12:00:00Z");
  expect(lockedElsewhere("prod", [lock!]).fix).toMatch(/pulumi cancel --stack prod/);
});

test("nothing is known of another machine; here a process is dead, or Pulumi, or something else by now", async () => {
  expect(standing(locksIn(said("file:///x", "build-7", dead)))).toBe("elsewhere");
  expect(standing(locksIn(said("file:///x", hostname(), dead)))).toBe("dead");
  expect(standing(locksIn(said("file:///x", hostname(), process.pid)))).toBe("dead");
  const pulumi = join(dir, "pulumi");
  symlinkSync("/bin/sleep", pulumi);
  const child = spawn(pulumi, ["30"]);
  await new Promise((resolve) => child.once("spawn", resolve));
  expect(standing(locksIn(said("file:///x", hostname(), child.pid!)))).toBe("waits");
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await ended;
});

test("a dead run's lock is taken away by its own name, one in blobs only by pulumi cancel", () => {
  const [own, other] = [join(dir, "1.json"), join(dir, "2.json")];
  for (const file of [own, other]) writeFileSync(file, "{}");
  expect(removed(locksIn(said(pathToFileURL(own).href, hostname(), dead)))).toBe(true);
  expect([own, other].map((file) => existsSync(file))).toEqual([false, true]);
  expect(removed(locksIn(said("azblob://state/1.json", hostname(), dead)))).toBe(false);
});
