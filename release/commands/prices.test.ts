// `mlops prices update` against a server that answers in the shape of Azure's price list: pages, prices that do not count, a bad day.
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monthlyCost, type PriceTable } from "../core/cost.ts";
import { updatePrices } from "./prices.ts";

/** Recorded in form, not in amount: an entry of https://prices.azure.com/api/retail/prices. */
const item = (armSkuName: string, retailPrice: number, more: Record<string, unknown> = {}) => ({
  ...{ currencyCode: "EUR", tierMinimumUnits: 0, retailPrice, unitPrice: retailPrice, armRegionName: "westeurope", location: "EU West" },
  ...{
    effectiveStartDate: "2024-06-01T00:00:00Z",
    meterId: "0-0",
    meterName: "DS3 v2",
    productId: "DZH318Z0BQ4L",
    skuId: "DZH318Z0BQ4L/00G1",
  },
  ...{ productName: "Virtual Machines DSv2 Series", skuName: "DS3 v2", serviceName: "Virtual Machines", serviceId: "DZH313Z7MMC8" },
  ...{ serviceFamily: "Compute", unitOfMeasure: "1 Hour", type: "Consumption", isPrimaryMeterRegion: true, armSkuName },
  ...more,
});
const pages = [
  [
    item("Standard_DS3_v2", 0.5, { productName: "Virtual Machines DSv2 Series Windows" }),
    item("Standard_DS3_v2", 0.05, { skuName: "DS3 v2 Spot", meterName: "DS3 v2 Spot" }),
    item("Standard_DS3_v2", 0.25),
    item("Standard_DS3_v2", 0.3, { effectiveStartDate: "2025-01-01T00:00:00Z" }),
    item("Standard_DS3_v2", 0.9, { effectiveStartDate: "2999-01-01T00:00:00Z" }),
  ],
  [
    item("Standard_F4s_v2", 0.2),
    item("Standard_F4s_v2", 0.01, { unitOfMeasure: "1/Month" }),
    item("Standard_F4s_v2", 0.15, { skuName: "F4s v2 Low Priority" }),
  ],
];

let server: Server;
let url: string;
let repo: string;
let asked: URL[] = [];
let failures = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    const at = new URL(request.url!, url);
    asked.push(at);
    if (failures-- > 0) return void response.writeHead(503, { "retry-after": "0" }).end("busy");
    const page = Number(at.searchParams.get("page") ?? 0);
    const wanted = at.searchParams.get("$filter") ?? "";
    const west = page > 0 || wanted.includes("armRegionName eq 'westeurope'");
    const next = west && page + 1 < pages.length ? `${url}/api/retail/prices?page=${page + 1}` : null;
    const items = west ? pages[page]! : [];
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        BillingCurrency: "EUR",
        CustomerEntityId: "Default",
        CustomerEntityType: "Retail",
        Items: items,
        NextPageLink: next,
        Count: items.length,
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
  failures = 0;
  repo = mkdtempSync(join(tmpdir(), "mlops-prices-"));
  mkdirSync(join(repo, "release"));
  const perHour = { westeurope: { Standard_DS3_v2: 0.272, Standard_DS1_v2: 0.068 } };
  writeFileSync(join(repo, "release", "prices.json"), JSON.stringify({ currency: "USD", asOf: "by hand", hoursPerMonth: 730, perHour }));
  writeFileSync(
    join(repo, "Pulumi.qa.yaml"),
    "config:\n  azure-mlops:location: northeurope\n  azure-mlops:compute:\n    size: Standard_F4s_v2\n",
  );
});

const prices = (): PriceTable => JSON.parse(readFileSync(join(repo, "release", "prices.json"), "utf8")) as PriceTable;
async function update(options: Record<string, unknown> = {}): Promise<{ changes: unknown[] }> {
  let result: unknown;
  const out = { json: true, progress: () => undefined, print: () => undefined, result: (value: unknown) => void (result = value) };
  await updatePrices.run({
    args: [],
    options: { url: `${url}/api/retail/prices`, currency: "EUR", ...options },
    repo,
    signal: new AbortController().signal,
    out,
  });
  return result as { changes: unknown[] };
}

test("the price that holds today, pay as you go, of every page; what has none is in the table no more", async () => {
  const { changes } = await update();
  expect(prices()).toMatchObject({
    currency: "EUR",
    hoursPerMonth: 730,
    asOf: expect.stringMatching(/^\d{4}-\d\d-\d\d, 127\.0\.0\.1:\d+, Linux, pay as you go$/),
  });
  expect(prices().perHour).toEqual({ northeurope: {}, westeurope: { Standard_DS3_v2: 0.3, Standard_F4s_v2: 0.2 } });
  expect(changes).toEqual([
    { region: "westeurope", size: "Standard_DS3_v2", before: 0.272, now: 0.3 },
    { region: "westeurope", size: "Standard_DS1_v2", before: 0.068, now: null },
    { region: "westeurope", size: "Standard_F4s_v2", before: null, now: 0.2 },
  ]);
  const filter = asked[0]!.searchParams.get("$filter");
  expect(filter).toBe(
    "serviceName eq 'Virtual Machines' and armRegionName eq 'northeurope' and priceType eq 'Consumption' and (armSkuName eq 'Standard_DS3_v2' or armSkuName eq 'Standard_DS1_v2' or armSkuName eq 'Standard_F4s_v2')",
  );
  const cost = monthlyCost([{ name: "blue", instanceType: "Standard_DS3_v2", instances: 2 }], "westeurope", prices());
  expect(cost).toEqual({ currency: "EUR", total: 438, unknown: [] });
});

test("a list that is busy is asked again; one that fails, or knows nothing, leaves the table as it is", async () => {
  const before = prices();
  failures = 2;
  await update({ dryRun: true });
  expect(prices()).toEqual(before);
  failures = 99;
  await expect(update()).rejects.toThrow(/gave no prices: 503 busy/);
  failures = 0;
  rmSync(join(repo, "Pulumi.qa.yaml"));
  writeFileSync(join(repo, "release", "prices.json"), JSON.stringify({ ...before, perHour: { eastus: { Standard_DS3_v2: 0.29 } } }));
  await expect(update()).rejects.toThrow(/has no price of any of these sizes in eastus/);
  expect(prices().perHour).toEqual({ eastus: { Standard_DS3_v2: 0.29 } });
});

test("what is no currency, region or size is refused before anything is asked", async () => {
  await expect(update({ currency: "euro" })).rejects.toThrow(/--currency is "euro"; it must be three capital letters/);
  await expect(update({ size: ["big' or 1 eq 1"] })).rejects.toThrow(/no VM size/);
  expect(asked).toEqual([]);
});
