// Are Node, the Pulumi CLI and the providers of the versions that this program was made for?
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAtLeast } from "../../../../tools/setup/pulumi.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

interface Plugin {
  readonly name: string;
  readonly kind: string;
  readonly version?: string | null;
}

export const toolchain: Check = {
  name: "versions",
  async run({ pulumi, repo }) {
    const [version, plugins] = await Promise.all([pulumi.run(["version"]), pulumi.run(["plugin", "ls", "--json"])]);
    const [, major, minor] = /v?(\d+)\.(\d+)\./.exec(version.stdout) ?? [];
    const findings: Finding[] = [];
    if (!isAtLeast([Number(major), Number(minor)]))
      findings.push(fail(`the Pulumi CLI is ${version.stdout.trim() || "not there"}; 3.220 or newer is needed`, "npx mlops setup"));
    const { dependencies } = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as { dependencies: Record<string, string> };
    const installed = plugins.code === 0 ? (JSON.parse(plugins.stdout) as Plugin[]) : [];
    for (const name of ["azure-native", "azuread"]) {
      const wanted = dependencies[`@pulumi/${name}`];
      const found = installed.filter((one) => one.name === name && one.kind === "resource").map((one) => one.version ?? "");
      if (found.some((one) => one === wanted)) continue;
      const there = found.length > 0 ? `${found.join(", ")} is installed, not ${wanted}` : `${wanted} is not installed yet`;
      findings.push(warn(`provider ${name} ${there}; the first up fetches it`, `pulumi plugin install resource ${name} ${wanted}`));
    }
    return findings.length > 0
      ? findings
      : ok(`Node ${process.versions.node}, Pulumi ${version.stdout.trim()}, providers as in package.json`);
  },
};
