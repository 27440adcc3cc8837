// `mlops prices`: the table of what machines cost, and its refresh from Azure's public price list.
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { hourlyPrices, publicPrices } from "../../azure/prices.ts";
import { type Call, type Command, CommandError, option, optionList, UsageError } from "../command.ts";
import { PriceTable, pricesFile, readPrices } from "../flow/prices.ts";
import { deploymentMachines } from "../flow/machines.ts";
import { projectName } from "../pulumi.ts";
import { table } from "../table.ts";

export const updatePrices: Command = {
  name: "prices update",
  summary: "refresh release/prices.json from Azure's public price list",
  details:
    "Prices of an hour, pay as you go, Linux. Regions: those of the table and of the stacks' config; sizes: those of the table, of the stacks' clusters and of the " +
    "project's deployment. Preview, approval and doctor compute a month's cost from the table; put your own agreement's prices into it by hand instead, if you have one.",
  examples: [
    "npx mlops prices update",
    "npx mlops prices update --currency EUR --region swedencentral --size Standard_D8s_v5",
    "npx mlops prices update --dry-run --json",
  ],
  options: [
    { flags: "--currency <code>", description: "three letters; default: the table's" },
    { flags: "--region <name>", description: "a further region", repeatable: true },
    { flags: "--size <name>", description: "a further size", repeatable: true },
    { flags: "--url <address>", description: "another address of the list; default: MLOPS_PRICES_URL, else Azure's" },
    { flags: "--dry-run", description: "write nothing" },
  ],
  async run(call) {
    const there = readPrices(call.repo);
    const currency = option(call, "currency") ?? there.currency;
    if (!/^[A-Z]{3}$/.test(currency)) throw new UsageError(`--currency is "${currency}"; it must be three capital letters, such as EUR`);
    const url = option(call, "url") ?? process.env["MLOPS_PRICES_URL"] ?? publicPrices;
    if (!URL.canParse(url)) throw new UsageError(`--url is "${url}"; it must be an address`);
    const used = await inUse(call);
    const regions = [...new Set([...Object.keys(there.perHour), ...used.regions, ...optionList(call, "region")])].toSorted();
    const sizes = [
      ...new Set([...Object.values(there.perHour).flatMap((one) => Object.keys(one)), ...used.sizes, ...optionList(call, "size")]),
    ];
    const bad = [...regions.filter((one) => !/^[a-z][a-z0-9]+$/.test(one)), ...sizes.filter((one) => !/^Standard_\w+$/.test(one))];
    if (bad.length > 0) throw new UsageError(`${bad.join(", ")}: no region's short name, or no VM size such as Standard_DS3_v2`);

    const perHour: Record<string, Record<string, number>> = {};
    for (const region of regions) {
      call.out.progress(`prices  ${region} …`);
      const found = await hourlyPrices({ url, currency, region, sizes, signal: call.signal }).catch((error: Error) => {
        throw new CommandError(error.message, "The table stays as it is. Is there a way to that address from here? --url names a mirror.");
      });
      perHour[region] = Object.fromEntries(sizes.filter((size) => found.has(size)).map((size) => [size, found.get(size)!]));
    }
    if (Object.values(perHour).every((one) => Object.keys(one).length === 0))
      throw new CommandError(`${url} has no price of any of these sizes in ${regions.join(", ")}`, "The table stays as it is.");
    const asOf = `${new Date().toISOString().slice(0, 10)}, ${new URL(url).host}, Linux, pay as you go`;
    const after = PriceTable.parse({ ...there, currency, asOf, perHour });
    const changes = changesOf(there, after);
    if (call.options["dryRun"] !== true) write(pricesFile(call.repo), after);
    const rows = changes.map(({ region, size, before, now }) => [region, size, shown(before), shown(now)]);
    call.out.print(
      rows.length === 0
        ? "no price has changed"
        : table(["region", "size", "before", `${currency} an hour`], rows, ["left", "left", "right", "right"]),
    );
    call.out.result({ currency, asOf, regions, sizes: sizes.length, changes });
  },
};

interface PriceChange {
  readonly region: string;
  readonly size: string;
  readonly before: number | null;
  readonly now: number | null;
}

function changesOf(before: PriceTable, after: PriceTable): PriceChange[] {
  const regions = [...new Set([...Object.keys(before.perHour), ...Object.keys(after.perHour)])];
  return regions.flatMap((region) => {
    const [was, is] = [before.perHour[region] ?? {}, after.perHour[region] ?? {}];
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .map((size) => ({ region, size, before: was[size] ?? null, now: is[size] ?? null }))
      .filter(({ before: old, now }) => old !== now || before.currency !== after.currency);
  });
}

const shown = (price: number | null): string => (price === null ? "–" : String(price));

/** Regions and sizes that the stacks' files and the project name. */
async function inUse(call: Pick<Call, "repo">): Promise<{ regions: string[]; sizes: string[] }> {
  const [regions, sizes]: [string[], string[]] = [[], []];
  for (const file of readdirSync(call.repo).filter((name) => /^Pulumi\.\w+\.yaml$/.test(name))) {
    const { config } = (parse(readFileSync(join(call.repo, file), "utf8")) ?? {}) as { config?: Record<string, unknown> };
    const location = config?.[`${projectName}:location`];
    if (typeof location === "string") regions.push(location);
    const compute = config?.[`${projectName}:compute`] as { size?: unknown } | undefined;
    if (typeof compute?.size === "string") sizes.push(compute.size);
    const project = config?.[`${projectName}:project`];
    const machines = await deploymentMachines(call.repo, typeof project === "string" ? project : "project", []);
    if (typeof machines !== "string") sizes.push(machines.instanceType);
  }
  return { regions, sizes };
}

function write(file: string, prices: PriceTable): void {
  const fresh = `${resolve(file)}.new`;
  writeFileSync(fresh, `${JSON.stringify(prices, null, 2)}\n`);
  renameSync(fresh, file);
}
