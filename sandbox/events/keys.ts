// Address and access keys of custom topics.
import { createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { ArmResource } from "../core.ts";
import { resourceKey } from "../state/resources.ts";
import { saveSetting, secretSetting, setting } from "../state/database.ts";

/** `name.region-1`, as the host names of Azure's topics begin. */
export const topicPath = (topic: ArmResource): string => `${topic.name}.${topic.location}-1`.toLowerCase();

const generationName = (id: string, which: 1 | 2): string => `events.generation.${resourceKey(id)}.${which}`;

/** Both keys, derived from the sandbox's own secret. */
export function topicKeys(db: DatabaseSync, id: string): [string, string] {
  const secret = secretSetting(db, "events.secret");
  const key = (which: 1 | 2): string =>
    createHmac("sha256", secret)
      .update(`${resourceKey(id)}/${which}/${setting(db, generationName(id, which), () => "1")}`)
      .digest("base64");
  return [key(1), key(2)];
}

export function regenerateTopicKey(db: DatabaseSync, id: string, which: 1 | 2): void {
  saveSetting(db, generationName(id, which), String(Number(setting(db, generationName(id, which), () => "1")) + 1));
}
