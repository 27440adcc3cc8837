// Azure's public price list: what a virtual machine costs an hour, pay as you go, with Linux. Asks for no sign-in.
// https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices
import { setTimeout as sleep } from "node:timers/promises";

export const publicPrices = "https://prices.azure.com/api/retail/prices";

export interface PriceQuestion {
  /** Address of the list; another one for a mirror. */
  readonly url: string;
  /** Three letters, such as EUR. */
  readonly currency: string;
  /** Short name of the region. */
  readonly region: string;
  readonly sizes: readonly string[];
  readonly signal?: AbortSignal;
}

interface Item {
  readonly armSkuName?: string;
  readonly armRegionName?: string;
  readonly productName?: string;
  readonly skuName?: string;
  readonly meterName?: string;
  readonly type?: string;
  readonly unitOfMeasure?: string;
  readonly retailPrice?: number;
  readonly currencyCode?: string;
  readonly tierMinimumUnits?: number;
  readonly effectiveStartDate?: string;
}

interface Page {
  readonly Items?: readonly Item[];
  readonly NextPageLink?: string | null;
}

/** An address has its limits; so many sizes fit into one. */
const sizesAtOnce = 15;

/** Size → price of an hour; sizes without a price are not in it. @throws Error when the list does not answer */
export async function hourlyPrices(question: PriceQuestion, now = new Date()): Promise<Map<string, number>> {
  const { url, currency, region, sizes, signal } = question;
  const newest = new Map<string, { since: string; price: number }>();
  for (let i = 0; i < sizes.length; i += sizesAtOnce) {
    const named = sizes.slice(i, i + sizesAtOnce).map((size) => `armSkuName eq '${size}'`);
    const first = new URL(url);
    first.searchParams.set("api-version", "2023-01-01-preview");
    first.searchParams.set("currencyCode", `'${currency}'`);
    first.searchParams.set(
      "$filter",
      `serviceName eq 'Virtual Machines' and armRegionName eq '${region}' and priceType eq 'Consumption' and (${named.join(" or ")})`,
    );
    for (let next: string | null | undefined = first.href; next;) {
      const page: Page = await pageOf(next, signal);
      for (const item of (page.Items ?? []).filter((one) => isPayAsYouGo(one, currency, region))) {
        const since = item.effectiveStartDate ?? "";
        const known = newest.get(item.armSkuName!);
        // A price that holds from next month on is in the list already.
        if (Date.parse(since) > now.getTime() || (known && known.since >= since)) continue;
        newest.set(item.armSkuName!, { since, price: item.retailPrice! });
      }
      next = page.NextPageLink && new URL(page.NextPageLink).origin === first.origin ? page.NextPageLink : null;
    }
  }
  return new Map([...newest].map(([size, { price }]) => [size, price]));
}

/** Not Windows, not spot or low priority, not a cloud service or a dedicated host: they have the same size in their names. */
function isPayAsYouGo(item: Item, currency: string, region: string): boolean {
  const names = `${item.productName} ${item.skuName} ${item.meterName}`;
  return (
    item.armSkuName !== undefined &&
    item.type === "Consumption" &&
    item.unitOfMeasure === "1 Hour" &&
    item.armRegionName === region &&
    item.currencyCode === currency &&
    (item.tierMinimumUnits ?? 0) === 0 &&
    typeof item.retailPrice === "number" &&
    item.retailPrice > 0 &&
    !/windows|spot|low priority|cloud ?services|dedicated host|expired/i.test(names)
  );
}

async function pageOf(url: string, signal: AbortSignal | undefined): Promise<Page> {
  for (let attempt = 0; ; attempt++) {
    const limit = AbortSignal.timeout(30_000);
    let said: string;
    try {
      const answer = await fetch(url, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      if (answer.ok) return (await answer.json()) as Page;
      said = `${answer.status} ${(await answer.text()).slice(0, 200)}`;
      if (answer.status < 500 && answer.status !== 429) throw new Error(said);
      if (attempt === 3) throw new Error(said);
      await sleep(Math.min(Number(answer.headers.get("retry-after") ?? 2 ** attempt), 30) * 1000, undefined, signal ? { signal } : {});
    } catch (error) {
      if (attempt === 3 || signal?.aborted || /^\d{3} /.test((error as Error).message))
        throw new Error(`${new URL(url).origin} gave no prices: ${(error as Error).message}`, { cause: error });
    }
  }
}
