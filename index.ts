// Settings in, outputs out.
import "./stacks/start.ts";
import { getProject, getStack } from "@pulumi/pulumi";
import { build } from "./stacks/index.ts";

export default build(getProject(), getStack());
