// The CrossGuard policy pack as Pulumi starts it: every rule, waived where exceptions.yml says so.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PolicyPack } from "@pulumi/policy";
import { toPolicy } from "./adapter.ts";
import { parseExceptions } from "./exceptions.ts";
import { rules } from "./rules/index.ts";

const file = join(import.meta.dirname, "exceptions.yml");
const exceptions = parseExceptions(
  readFileSync(file, "utf8"),
  rules.map(({ name }) => name),
);
new PolicyPack("azure-mlops", { enforcementLevel: "mandatory", policies: rules.map((rule) => toPolicy(rule, exceptions)) });

// An engine that was killed tells nobody; a pack that has lost it ends by itself.
const engine = process.ppid;
setInterval(() => process.ppid !== engine && process.exit(0), 2_000).unref();
