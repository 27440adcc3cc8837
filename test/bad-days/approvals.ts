// Days on which nobody, not enough people or the wrong ones said yes: prod does not change, whichever way one tries.
import { expect } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import { openDocuments } from "../../azure/documents.ts";
import type { Approval } from "../../release/core/approval.ts";
import { json, refused, succeeded } from "../ran.ts";
import { manifest } from "./beforeQa.ts";
import type { Day } from "./day.ts";
import { stageNow } from "./look.ts";
import type { Scene } from "./scene.ts";

const approve = (who: Pick<Scene, "mlops">, release = "diabetes-1") => who.mlops("approve", "--release", release, "--yes", "--json");

/** Prod is closed to the release for this reason: to the command, and to plain Pulumi with a config written by hand. */
async function closed(scene: Scene, reason: RegExp): Promise<void> {
  refused(await scene.deploy("prod", "diabetes-1"), reason);
  const { digest } = manifest(scene);
  for (const [key, value] of Object.entries({ modelVersion: "1", release: "diabetes-1", releaseDigest: digest }))
    await scene.set("prod", key, value);
  const up = await scene.up("prod");
  refused(up, /prod may not serve model version 1/);
  expect(up.stdout + up.stderr).toMatch(reason);
  for (const key of ["modelVersion", "release", "releaseDigest"])
    succeeded(await scene.checkout.pulumi("config", "rm", `azure-mlops:${key}`, "--stack", "prod"));
  expect(await stageNow(scene, "prod")).toMatchObject({ plan: null, pending: null });
}

export const approvalDays: readonly Day[] = [
  {
    name: "approval is missing: prod is closed, to plain pulumi as well",
    start: "tested",
    looksOnly: true,
    run: (scene) => closed(scene, /0 of 1 approvals of diabetes-1 for prod/),
  },
  {
    name: "too few approvals: prod is closed until the second person agrees",
    start: "tested",
    async run(scene) {
      await scene.set("prod", "approval.required", "2");
      succeeded(await approve(scene.ann));
      succeeded(await approve(scene.ann));
      await closed(scene, /1 of 2 approvals of diabetes-1 for prod/);
      expect(json(await approve(scene.bob))).toMatchObject({ approved: true });
    },
  },
  {
    name: "whoever trained it or deployed it to qa approves it: refused, and an approval written past the command does not count",
    start: "tested",
    async run(scene) {
      refused(await approve(scene), /trained it and deployed it to qa, and someone else has to agree/);
      const given = (json(await approve(scene.ann)) as { approval: Approval }).approval;
      const [trainer] = manifest(scene).run.trainedBy;
      await write(scene, { ...given, by: trainer! }, given);
      await closed(scene, /0 of 1 approvals[^]*does not count: \S+ trained it and deployed it to qa/);
    },
  },
  {
    name: "the approval is for another digest: it does not count",
    start: "tested",
    async run(scene) {
      const given = (json(await approve(scene.ann)) as { approval: Approval }).approval;
      await write(scene, { ...given, digest: given.digest.replace(/^./, (first) => (first === "0" ? "1" : "0")) });
      await closed(scene, /0 of 1 approvals[^]*the approval by ann does not count: it is for other content/);
    },
  },
  {
    name: "the approval has expired: it has to be given anew",
    start: "tested",
    async run(scene) {
      await scene.set("prod", "approval.validHours", "0.0002");
      succeeded(await approve(scene.ann));
      await sleep(1000);
      await closed(scene, /0 of 1 approvals[^]*the approval by ann does not count: it expired at/);
      await scene.set("prod", "approval.validHours", "1");
      expect(json(await approve(scene.ann))).toMatchObject({ approved: true });
    },
  },
  {
    name: "somebody rejects it: prod is closed however many agree, until they change their mind",
    start: "tested",
    async run(scene) {
      succeeded(await approve(scene.ann));
      refused(await scene.bob.mlops("reject", "--release", "diabetes-1"), /--reason/, 2);
      succeeded(await scene.bob.mlops("reject", "--release", "diabetes-1", "--reason", "not on a Friday"));
      await closed(scene, /bob rejected it: not on a Friday/);
      expect(json(await approve(scene.bob))).toMatchObject({ approved: true });
    },
  },
];

/** Writes an approval past the command, as somebody could who may write there: its author's own, or over another's. */
async function write(scene: Scene, approval: Approval, over = approval): Promise<void> {
  const outputs = json(await scene.checkout.pulumi("stack", "output", "--json", "--stack", "shared")) as Record<string, string>;
  const documents = await openDocuments(await scene.azure(), outputs["historyAccount"]!, outputs["approvalsContainer"]!);
  const path = `${over.release}/${over.stage}/${over.by.id.toLowerCase()}.json`;
  const there = await documents.read(path);
  await documents.write(path, JSON.stringify(approval), there ? { etag: there.etag } : "new");
}
