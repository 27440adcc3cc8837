// Auto-naming as azure-native and Pulumi's own settings have it.
import { expect, test } from "@jest/globals";
import { autoNameOf, makeName } from "./naming.ts";

const seed = new Uint8Array([1, 2, 3]);

test("the same seed gives the same name: an update makes what its preview showed", () => {
  expect(makeName("ws", "random", seed, undefined)).toEqual(makeName("ws", "random", seed, undefined));
  expect(makeName("ws", "random", seed, undefined)?.name).toMatch(/^ws[0-9a-f]{8}$/);
  expect(makeName("ws", "random", new Uint8Array([4]), undefined)?.name).not.toBe(makeName("ws", "random", seed, undefined)?.name);
});

test("a child keeps the logical name, a role assignment gets a GUID", () => {
  expect(makeName("blue", "copy", seed, undefined)).toEqual({ name: "blue", unique: false });
  expect(makeName("r", "uuid", seed, undefined)?.name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("pulumi:autonaming decides, except over GUIDs unless it insists", () => {
  expect(makeName("ws", "random", seed, { mode: "propose", proposedName: "mine" })?.name).toBe("mine");
  expect(makeName("r", "uuid", seed, { mode: "propose", proposedName: "mine" })?.name).not.toBe("mine");
  expect(makeName("r", "uuid", seed, { mode: "enforce", proposedName: "mine" })?.name).toBe("mine");
  expect(makeName("ws", "random", seed, { mode: "disable", proposedName: "" })).toBeUndefined();
});

test("which kind a path asks for", () => {
  expect(autoNameOf("/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}", undefined)).toBe("random");
  expect(autoNameOf("/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/A/b/{c}", undefined)).toBe("random");
  expect(autoNameOf("/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/A/b/{c}/d/{e}", undefined)).toBe("copy");
});
