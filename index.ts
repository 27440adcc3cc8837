// Settings in, outputs out.
import "./stacks/start.ts";
import { getProject, getStack } from "@pulumi/pulumi";
import { build } from "./stacks/index.ts";
import { permitted } from "./stacks/permitted.ts";

await permitted(getProject(), getStack());

export default build(getProject(), getStack());
