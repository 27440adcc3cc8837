// Lists in pages: $top, $skip and a nextLink that carries on where the page ended.
import { ArmError } from "../core.ts";
import type { ArmResource } from "../core.ts";

export interface Page {
  readonly value: readonly ArmResource[];
  readonly nextLink?: string;
}

const usualPage = 1000;

/** `read` gives a part of the list; `$skip` counts resources; `$top` limits a page as it does in Azure Machine Learning's lists. */
export function page(read: (offset: number, count: number) => readonly ArmResource[], url: URL, origin: string): Page {
  const size = Math.min(Math.max(count(url, "$top") ?? usualPage, 1), usualPage);
  const start = count(url, "$skip") ?? count(url, "$skipToken") ?? 0;
  const found = read(start, size + 1);
  const value = found.slice(0, size);
  const end = start + value.length;
  if (found.length <= size) return { value };
  const next = new URL(url.pathname + url.search, origin);
  next.searchParams.delete("$skipToken");
  next.searchParams.set("$skip", String(end));
  return { value, nextLink: next.toString() };
}

function count(url: URL, name: string): number | undefined {
  const text = url.searchParams.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,9}$/.test(text)) {
    throw new ArmError(400, "InvalidQueryParameterValue", `The query parameter ${name} must be a whole number, not '${text}'.`);
  }
  return Number(text);
}
