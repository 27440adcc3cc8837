// Every command of `mlops`, in the order of `--help`.
import type { Command } from "../command.ts";
import { approve, reject } from "./approve.ts";
import { bench } from "./bench.ts";
import { check, fix } from "./check.ts";
import { deploy } from "./deploy.ts";
import { destroy } from "./destroy.ts";
import { invoke } from "./invoke.ts";
import { logs } from "./logs.ts";
import { render } from "./render.ts";
import { releases, showRelease } from "./releases.ts";
import { rollback } from "./rollback.ts";
import { sandboxCommands } from "./sandbox.ts";
import { share } from "./share.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { test } from "./test.ts";
import { cancel, train } from "./train.ts";

export const commands: readonly Command[] = [
  start,
  train,
  cancel,
  share,
  deploy,
  approve,
  reject,
  rollback,
  invoke,
  logs,
  status,
  releases,
  showRelease,
  render,
  destroy,
  ...sandboxCommands,
  test,
  check,
  fix,
  bench,
];
