// Are the names that the stage's resources are to have free: not taken by somebody, not kept by something deleted?
import type { Azure } from "../../../../azure/client.ts";
import { historyNames, releaseKeyNames, suffixOf } from "../../../../settings/names.ts";
import { type Check, fail, type Finding, ok, skip, warn } from "../check.ts";
import { deletedVault, deletedWorkspace, type DeletedKind } from "../../../../azure/deleted.ts";
import type { Place, Settings, Subject } from "../subject.ts";

interface Wanted {
  readonly word: string;
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  /** Unique in the whole cloud, and the cloud tells whether it is free. */
  readonly global?: boolean;
  readonly deleted?: DeletedKind;
}

function wantedNames(settings: Settings, { names }: Place, suffix: string): Wanted[] {
  const storage = { word: "storage account", type: "Microsoft.Storage/storageAccounts", apiVersion: "2023-05-01", global: true };
  const vault = { word: "vault", type: "Microsoft.KeyVault/vaults", apiVersion: "2023-07-01", global: true, deleted: deletedVault };
  if (settings.kind === "shared")
    return [
      { ...storage, name: historyNames(settings, suffix).account },
      { ...vault, name: releaseKeyNames(settings, suffix).vault },
    ];
  return [
    {
      word: "workspace",
      type: "Microsoft.MachineLearningServices/workspaces",
      name: names.workspace,
      apiVersion: "2024-10-01",
      deleted: deletedWorkspace,
    },
    { ...vault, name: names.vault },
    { ...storage, name: names.storage },
    {
      word: "container registry",
      type: "Microsoft.ContainerRegistry/registries",
      name: names.containerRegistry,
      apiVersion: "2023-07-01",
      global: true,
    },
  ];
}

export const names: Check = {
  name: "names",
  stacks: ["shared", "dev", "qa", "prod"],
  async run(subject) {
    const [{ azure }, settings, place] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
    const all = wantedNames(settings, place, suffixOf(azure.subscriptionId));
    const findings = await Promise.all(all.map((one) => look(subject, azure, settings, place, one)));
    const bad = findings.flat();
    return bad.length > 0 ? bad : ok(`${all.map(({ name }) => name).join(", ")}: free, or the stage's own`);
  },
};

const keepsVaults = (settings: Settings): boolean =>
  settings.kind !== "auto" && (settings.purgeProtection || (settings.kind === "stage" && settings.onDestroy === "keep"));

async function look(subject: Subject, azure: Azure, settings: Settings, place: Place, wanted: Wanted): Promise<Finding[]> {
  const { word, type, name, apiVersion } = wanted;
  const id = `${place.groupId}/providers/${type}/${name}`;
  if (await azure.find(id, { apiVersion, signal: subject.signal })) return [];
  const deleted = await wanted.deleted?.find(azure, id, place.location);
  if (deleted === "unknown")
    return [skip(`whether a deleted ${word} keeps the name ${name} cannot be asked here; the portal's "Recently deleted" shows it`)];
  if (deleted) {
    const kind = wanted.deleted!;
    const when = deleted.deletedAt ? ` on ${deleted.deletedAt.slice(0, 10)}` : "";
    if (deleted.id.toLowerCase() !== id.toLowerCase()) {
      const other = fail(
        `the ${word} name ${name} is kept by one that somebody else deleted${when}: ${deleted.id}`,
        `Ask its owner to purge it${deleted.protectedUntil ? ` (not before ${deleted.protectedUntil.slice(0, 10)})` : ""}, or choose another name: pulumi config set azure-mlops:prefix NAME --stack ${subject.stage}`,
      );
      return [other];
    }
    const recover = (): Promise<void> => kind.recover(azure, id, place.location);
    const purge = (): Promise<void> => kind.purge(azure, id, place.location);
    const actions = { kind: word, name, id, recover, ...(deleted.protectedUntil ? {} : { purge }) };
    const said = `the ${word} ${name} was deleted${when} and still keeps its name`;
    const way = `npx mlops doctor --stage ${subject.stage} --recover brings it back with ${kind.holds}`;
    // What `up` itself does with it: see provider/nameRelease.ts.
    const recovers = kind.word === "vault" && (deleted.protectedUntil !== undefined || keepsVaults(settings));
    const next = recovers ? `up recovers it, with ${kind.holds}` : `up purges it, with ${kind.holds}`;
    const now = deleted.protectedUntil ? "" : "; --purge takes it away for good now";
    return [{ ...warn(`${said}; ${next}`, `Nothing to do, or before that: ${way}${now}`), deleted: actions }];
  }
  return wanted.global ? await available(subject, azure, wanted) : [];
}

/** `{"nameAvailable": …}`, the same operation of each provider that has global names. */
async function available(subject: Subject, azure: Azure, { word, type, name, apiVersion }: Wanted): Promise<Finding[]> {
  const path = `/subscriptions/${azure.subscriptionId}/providers/${type.split("/")[0]}/checkNameAvailability`;
  const answer = await azure.post<{ nameAvailable: boolean; message?: string }>(
    path,
    { name, type },
    { apiVersion, signal: subject.signal },
  );
  if (answer.nameAvailable) return [];
  return [
    fail(
      `the ${word} name ${name} is not free: ${answer.message ?? "somebody has it"}`,
      `Choose another prefix: pulumi config set azure-mlops:prefix NAME --stack ${subject.stage} (the same in every stack)`,
    ),
  ];
}
