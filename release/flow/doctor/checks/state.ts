// Is Pulumi's state free: no lock of another run, nothing left half-way by one that was killed?
import { hostname } from "node:os";
import { alive, type Lock, locksOf } from "../../stateLocks.ts";
import { type Check, fail, type Finding, ok, skip, warn } from "../check.ts";

export const state: Check = {
  name: "state",
  async run(subject) {
    const { stage, pulumi } = subject;
    const { made } = await subject.config();
    if (!made) return ok("no stack yet; the first up makes it");
    const [locks, exported] = await Promise.all([locksOf(subject), pulumi.run(["stack", "export", "--stack", stage])]);
    const findings: Finding[] =
      locks === "unknown" ? [skip("this backend does not tell of locks")] : locks.map((lock) => told(lock, stage));
    if (exported.code !== 0)
      findings.push(fail(`the state cannot be read: ${exported.stderr.trim()}`, "pulumi login; the fix is in what it says"));
    else {
      const { deployment } = JSON.parse(exported.stdout) as {
        deployment: { pending_operations?: { type: string; resource: { urn: string } }[] | null } | null;
      };
      const pending = deployment?.pending_operations ?? [];
      if (pending.length > 0)
        findings.push(
          warn(
            `a run that was killed left ${pending.map(({ type, resource }) => `${resource.urn.split("::").at(-1)} ${type}`).join(", ")}`,
            `pulumi refresh --stack ${stage} looks what became of it; mlops deploy does so by itself`,
          ),
        );
    }
    return findings.length > 0 ? findings : ok("no lock, nothing pending");
  },
};

function told({ pid, username, hostname: host, timestamp }: Lock, stage: string): Finding {
  const since = timestamp === undefined ? "" : ` since ${timestamp}`;
  const who = `${username}@${host} (process ${pid})${since}`;
  const here = host === hostname();
  if (here && alive(pid)) return fail(`another run works on the stack: ${who}`, "Wait for its end, or stop it.");
  if (here) return fail(`the stack is locked by a run that was killed: ${who}`, `pulumi cancel --stack ${stage} --yes`);
  return fail(`the stack is locked by ${who}`, `If that run has ended: pulumi cancel --stack ${stage} --yes`);
}
