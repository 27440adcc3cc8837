// The stack that goes: what Pulumi knows of it, its end, and what Azure holds of it afterwards.
import { type DeletedName, examine } from "../doctor/check.ts";
import { names } from "../doctor/checks/names.ts";
import type { Subject } from "../doctor/subject.ts";
import { CommandError } from "../../command.ts";
import type { Pulumi } from "../../pulumi.ts";

export interface StackState {
  readonly resources: readonly { readonly urn: string; readonly protect?: boolean }[];
}

/** Undefined when there is no such stack. */
export async function stateOf(pulumi: Pulumi, stage: string): Promise<StackState | undefined> {
  const done = await pulumi.run(["stack", "export", "--stack", stage]);
  if (done.code !== 0) {
    if (/no stack named|could not find stack/i.test(done.stderr)) return undefined;
    throw new CommandError(`the state of stack ${stage} cannot be read: ${done.stderr.trim()}`, "pulumi login; the message says more");
  }
  const { deployment } = JSON.parse(done.stdout) as { deployment: Partial<StackState> | null };
  // The stack itself and its providers are entries too, and stay when all else is gone.
  return { resources: (deployment?.resources ?? []).filter(({ urn }) => !/::pulumi:(?:pulumi|providers):/.test(urn)) };
}

/** Pulumi names of what Pulumi would refuse to delete. */
export const protectedIn = ({ resources }: StackState): string[] =>
  resources.filter(({ protect }) => protect).map(({ urn }) => urn.split("::").at(-1)!);

/** Deleted names of the stage: purged where its policy says so and Pulumi has not come to it, else told until when they are kept. */
export async function leftovers(subject: Subject): Promise<{ readonly purged: string[]; readonly kept: string[] }> {
  const found = await examine(subject, [names]);
  const settings = await subject.settings();
  const purges = settings.kind === "stage" && settings.onDestroy === "purge";
  const label = ({ kind, name }: DeletedName): string => `the deleted ${kind} ${name}`;
  const [purged, kept]: [string[], string[]] = [[], []];
  for (const { deleted, found: said } of found) {
    if (!deleted) continue;
    if (purges && deleted.purge) {
      await deleted.purge();
      purged.push(label(deleted));
    } else kept.push(said);
  }
  return { purged, kept };
}
