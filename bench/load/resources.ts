// 5,000 resources in one group: made, listed page by page, and gone with the group.
import type { Figure } from "../figures.ts";
import { inParallel, Target, timed } from "./target.ts";

const COUNT = 5000;

export async function manyResources(report: (line: string) => void): Promise<Figure[]> {
  const target = await Target.start(32);
  try {
    const group = `${target.subscription}/resourceGroups/rg-many`;
    const type = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
    await target.must("PUT", group, { location: "westeurope" });
    const [made] = await timed(async () => {
      await inParallel(COUNT, 32, async (index) => void (await target.must("PUT", `${type}/id-${index}`, { location: "westeurope" })));
    });
    report(`${COUNT} made in ${(made / 1000).toFixed(1)} s`);
    const [listed, names] = await timed(async () => await everyPage(target, type));
    if (new Set(names).size !== COUNT || names.length !== COUNT)
      throw new Error(`the list has ${names.length} names, ${new Set(names).size} different ones`);
    const [paged, byHundred] = await timed(async () => await everyPage(target, `${type}?$top=100`));
    if (new Set(byHundred).size !== COUNT) throw new Error(`the list in pages of 100 has ${byHundred.length} names`);
    const [all, resources] = await timed(async () => await everyPage(target, `${group}/resources`));
    if (new Set(resources).size !== COUNT) throw new Error(`the group's list has ${resources.length} resources`);
    report(`listed in ${listed.toFixed(0)} ms; in pages of 100 in ${paged.toFixed(0)} ms; with all types in ${all.toFixed(0)} ms`);
    const [deleted] = await timed(async () => {
      const end = await target.ended(await target.must("DELETE", group));
      if (end.status !== "Succeeded") throw new Error(`the deletion ended ${end.status}: ${end.error?.message}`);
    });
    if ((await target.call("GET", `${type}/id-1`)).status !== 404) throw new Error("a resource outlived its group");
    report(`gone with the group in ${(deleted / 1000).toFixed(1)} s`);
    const how = `${COUNT} identities, 32 connections, one run`;
    return [
      { name: `${COUNT} resources in one group: making each`, value: made / COUNT, unit: "ms", atMost: 5, how },
      { name: `${COUNT} resources in one group: the whole list, five pages`, value: listed, unit: "ms", atMost: 2000, how },
      { name: `${COUNT} resources in one group: the whole list in pages of 100`, value: paged, unit: "ms", atMost: 4000, how },
      { name: `${COUNT} resources in one group: deleted with the group`, value: deleted / 1000, unit: "s", atMost: 20, how },
    ];
  } finally {
    await target.stop();
  }
}

async function everyPage(target: Target, path: string): Promise<string[]> {
  const names: string[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const page = JSON.parse((await target.must("GET", next)).text) as { value: { name: string }[]; nextLink?: string };
    names.push(...page.value.map(({ name }) => name));
    next = page.nextLink === undefined ? undefined : new URL(page.nextLink).pathname + new URL(page.nextLink).search;
  }
  return names;
}
