// Every command of `mlops`, in the order of `--help`.
import type { Command } from "../command.ts";
import { approve, reject } from "./approve.ts";
import { batchInvoke } from "./batch.ts";
import { bench } from "./bench.ts";
import { bootstrap } from "./bootstrap.ts";
import { check, fix } from "./check.ts";
import { demo } from "./demo.ts";
import { demoDrift } from "./demoDrift.ts";
import { comment } from "./comment.ts";
import { connectCommands } from "./connect.ts";
import { deploy } from "./deploy.ts";
import { destroy } from "./destroy.ts";
import { doctor } from "./doctor.ts";
import { expire } from "./expire.ts";
import { invoke } from "./invoke.ts";
import { monitor } from "./monitor.ts";
import { logs } from "./logs.ts";
import { migrate } from "./migrate.ts";
import { render } from "./render.ts";
import { preview } from "./preview.ts";
import { updatePrices } from "./prices.ts";
import { retrain } from "./retrain.ts";
import { releases, showRelease } from "./releases.ts";
import { restoreReleases } from "./restoreReleases.ts";
import { rollback } from "./rollback.ts";
import { sandboxCommands } from "./sandbox.ts";
import { setup } from "./setup.ts";
import { share } from "./share.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { sync } from "./sync.ts";
import { test } from "./test.ts";
import { watch } from "./watch.ts";
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
  watch,
  invoke,
  batchInvoke,
  logs,
  monitor,
  retrain,
  status,
  releases,
  showRelease,
  restoreReleases,
  preview,
  updatePrices,
  sync,
  comment,
  render,
  migrate,
  doctor,
  expire,
  destroy,
  bootstrap,
  ...connectCommands,
  setup,
  ...sandboxCommands,
  test,
  check,
  fix,
  bench,
  demo,
  demoDrift,
];
