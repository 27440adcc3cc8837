// Which token audiences each of the sandbox's services takes.

export type Service = "arm" | "aml" | "storage" | "graph" | "vault" | "events";

/** `base` is the sandbox's own URL, which custom-cloud clients use as Resource Manager's audience. */
export function audiences(base: string): Record<Service, RegExp[]> {
  const escaped = base.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const own = new RegExp(`^${escaped}/?$`);
  const arm = [own, /^https:\/\/management\.(azure\.com|core\.windows\.net)\/?$/];
  return {
    arm,
    // The asset and run services of a workspace take Resource Manager's tokens as well as their own.
    aml: [...arm, /^https:\/\/ml\.azure\.[a-z0-9.@:_-]+\/?$/i, /^18a66f5f-dbdf-4c17-9dd7-1634712a9cbe$/],
    storage: [/^https:\/\/storage\.azure\.com\/?$/, /^https:\/\/[a-z0-9]+\.blob\.core\.[a-z0-9.@:]+\/?$/],
    // The metadata names Graph's address below the sandbox's own as its audience; `az ad` asks for that.
    graph: [own, new RegExp(`^${escaped}/graph/?$`), /^https:\/\/graph\.microsoft\.com\/?$/, /^00000003-0000-0000-c000-000000000000$/],
    events: [/^https:\/\/eventgrid\.azure\.net\/?$/],
    vault: [/^https:\/\/vault\.azure\.net\/?$/],
  };
}
