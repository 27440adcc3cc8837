// The set-up of a machine, as data: chains of steps that run side by side.
import { projectPython } from "./python.ts";
import { pulumiCli } from "./pulumi.ts";
import type { Step } from "./step.ts";
import { uv } from "./uv.ts";

export const toolchain: readonly (readonly Step[])[] = [[pulumiCli], [uv, projectPython]];
