// The table of what machines cost, in the checkout: release/prices.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../command.ts";
import { PriceTable } from "../core/cost.ts";

export { PriceTable };

export const pricesFile = (repo: string): string => join(repo, "release", "prices.json");

/** @throws CommandError that names what is wrong with it */
export function readPrices(repo: string): PriceTable {
  const file = pricesFile(repo);
  try {
    return PriceTable.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new CommandError(
      `${file} is no table of prices: ${(error as Error).message}`,
      "git checkout release/prices.json, or mend it by hand.",
    );
  }
}
