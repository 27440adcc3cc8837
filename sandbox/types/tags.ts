// Microsoft.Resources/tags (API 2021-04-01): the tags of a resource or a group, read and written by themselves. They are kept in the resource.
// https://learn.microsoft.com/rest/api/resources/tags
import { z } from "zod";
import { parentId } from "../arm/ids.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";

type Tags = Readonly<Record<string, string>>;

const type = "Microsoft.Resources/tags";
const body = z.looseObject({ properties: z.looseObject({ tags: z.record(z.string(), z.string()).nullish() }) });

const tagsOf = ({ properties }: { properties: Record<string, unknown> }): Tags => (properties["tags"] ?? {}) as Tags;

const patchBody = z.looseObject({
  operation: z.enum(["Merge", "Replace", "Delete"]),
  properties: z.looseObject({ tags: z.record(z.string(), z.string()).nullish() }).nullish(),
});

export const tags: ResourceType<z.infer<typeof body>> = {
  type,
  body,
  extension: true,
  putStatus: 200,
  provisioningState: false,
  names: { pattern: /^default$/i, rule: "the tags of a resource are called default" },
  find(id, sandbox) {
    const owner = sandbox.resources.get(parentId(id));
    return owner && { id, name: "default", type, properties: { tags: owner.tags ?? {} } };
  },
  merge(before, patch) {
    // What is no such patch is left to the body's check, which names the mistake.
    const { success, data } = patchBody.safeParse(patch);
    if (!success) return { properties: null };
    const [own, asked] = [tagsOf(before), data.properties?.tags ?? {}];
    const merged: Record<typeof data.operation, () => Tags> = {
      Merge: () => ({ ...own, ...asked }),
      Replace: () => asked,
      // By name and value, or by the name alone.
      Delete: () => Object.fromEntries(Object.entries(own).filter(([key, value]) => asked[key] !== value && asked[key] !== "")),
    };
    return { properties: { tags: merged[data.operation]() } };
  },
  done(resource, sandbox) {
    write(resource, tagsOf(resource), sandbox);
    sandbox.resources.delete(resource.id);
  },
  remove: (resource, sandbox) => write(resource, {}, sandbox),
};

function write({ id }: ArmResource, own: Tags, sandbox: SandboxContext): void {
  const owner = sandbox.resources.get(parentId(id));
  if (owner) sandbox.resources.put({ ...owner, tags: own });
}
