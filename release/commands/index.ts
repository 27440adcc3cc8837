// Every command of `mlops`, in the order of `--help`.
import type { Command } from "../command.ts";
import { check, fix } from "./check.ts";
import { test } from "./test.ts";

export const commands: readonly Command[] = [test, check, fix];
