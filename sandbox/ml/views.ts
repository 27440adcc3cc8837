// What lists of Azure Machine Learning are asked for: a view (active, archived, all), tags, properties.
import { ArmError } from "../core.ts";

export const archiveViews = ["ActiveOnly", "ArchivedOnly", "All"] as const;

/**
 * Which view `listViewType` asks for; the first of `views` when it does not say. In any casing, and as azure-ai-ml writes it for
 * registries: `ListViewType.ACTIVE_ONLY`. @throws ArmError 400
 */
export function listView<View extends string>(query: URLSearchParams, views: readonly [View, ...View[]]): View {
  const asked = query.get("listViewType") ?? views[0];
  const word = asked
    .replace(/^ListViewType\./i, "")
    .replaceAll("_", "")
    .toLowerCase();
  const found = views.find((view) => view.toLowerCase() === word);
  if (found) return found;
  throw new ArmError(400, "UserError", `listViewType must be one of ${views.join(", ")}, not '${asked}'.`, { target: "listViewType" });
}

/** Whether tags or properties are as asked: `a,b=c` wants `a`, of whatever value, and `b` to be `c`. */
export function hasAll(own: unknown, asked: string | null): boolean {
  const words = (own ?? {}) as Record<string, string>;
  const terms = (asked ?? "").split(",").filter((term) => term !== "");
  return terms.every((term) => {
    const [key, value] = term.split(/=(.*)/s) as [string, string?];
    return Object.hasOwn(words, key) && (value === undefined || words[key] === value);
  });
}
