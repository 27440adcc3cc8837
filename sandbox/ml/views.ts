// Lists are asked for by view: what is active, what is archived, everything.
import { ArmError } from "../core.ts";

export const archiveViews = ["ActiveOnly", "ArchivedOnly", "All"] as const;

/** Which view `listViewType` asks for, in any casing; the first of `views` when it does not say. @throws ArmError 400 */
export function listView<View extends string>(query: URLSearchParams, views: readonly [View, ...View[]]): View {
  const asked = query.get("listViewType") ?? views[0];
  const found = views.find((view) => view.toLowerCase() === asked.toLowerCase());
  if (found) return found;
  throw new ArmError(400, "UserError", `listViewType must be one of ${views.join(", ")}, not '${asked}'.`, { target: "listViewType" });
}
