// Do management locks stand in the way of what `up` changes? Those that the stack sets itself do not.
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

interface ManagementLock {
  readonly id: string;
  readonly name: string;
  readonly properties: { readonly level: string; readonly notes?: string };
}

export const locks: Check = {
  name: "locks",
  async run(subject) {
    const [{ azure }, place] = await Promise.all([subject.login(), subject.place()]);
    if (!place.groupExists) return ok("no group yet");
    const path = `${place.groupId}/providers/Microsoft.Authorization/locks`;
    const findings: Finding[] = [];
    let own = 0;
    for await (const { id, name, properties } of azure.list<ManagementLock>(path, { apiVersion: "2016-09-01", signal: subject.signal })) {
      const scope = id.slice(0, id.toLowerCase().lastIndexOf("/providers/microsoft.authorization/locks/"));
      const remove = `az lock delete --ids ${id}`;
      if (properties.level === "ReadOnly") findings.push(fail(`the lock ${name} lets nothing change in ${scope}`, remove));
      else if (scope.toLowerCase() === place.groupId.toLowerCase() || /\/workspaces\/[^/]+$/.test(scope))
        findings.push(
          warn(
            `the lock ${name} lets nothing be deleted in ${scope}: old deployments cannot go`,
            `${remove}; lock what holds data instead`,
          ),
        );
      else own++;
    }
    return findings.length > 0 ? findings : ok(own === 0 ? "none" : `${own}, none in the way`);
  },
};
