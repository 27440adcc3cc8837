// The alerts of Azure Monitor and the budgets of Cost Management: evaluated while the sandbox runs; and the list of what fired.
// https://learn.microsoft.com/rest/api/monitor/alertsmanagement/alerts/get-all
import { pathParts } from "../arm/ids.ts";
import type { Room } from "../core.ts";
import { BudgetWatch } from "./budgets.ts";
import { AlertWatch, alertsOf, type KeptAlert } from "./watch.ts";

let watch: AlertWatch | undefined;
let budgets: BudgetWatch | undefined;

const PATH = /^(\/subscriptions\/.+)\/providers\/Microsoft\.AlertsManagement\/alerts$/i;

export const room: Room = {
  name: "alerts",
  mount(app, sandbox) {
    app.get("/subscriptions/*", async (c, next) => {
      const path = PATH.exec(new URL(c.req.url).pathname)?.[1];
      if (path === undefined) return await next();
      const scope = `/${pathParts(path).join("/")}`;
      const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
      sandbox.access.demand(caller, { operation: "Microsoft.AlertsManagement/alerts/read", scope });
      const [condition, group, target] = [
        c.req.query("monitorCondition"),
        c.req.query("targetResourceGroup"),
        c.req.query("targetResource"),
      ];
      const shown = alertsOf(sandbox).flatMap((alert) => {
        const rule = sandbox.resources.get(alert.rule);
        if (!rule) return [];
        const at = (rule.properties["scopes"] as string[])[0]!;
        const within = (id: string): boolean =>
          at.toLowerCase() === id.toLowerCase() || at.toLowerCase().startsWith(`${id.toLowerCase()}/`);
        if (!within(scope) || (target && !within(target)) || (condition && condition !== alert.condition)) return [];
        if (group && at.split("/")[4]?.toLowerCase() !== group.split("/").at(-1)!.toLowerCase()) return [];
        return [show(alert, rule.name, at, Number(rule.properties["severity"]), scope)];
      });
      return c.json({ value: shown.toReversed() });
    });
  },
  start(sandbox) {
    watch = new AlertWatch(sandbox);
    watch.start();
    budgets = new BudgetWatch(sandbox);
    budgets.start();
  },
  stop() {
    watch?.stop();
    budgets?.stop();
  },
};

function show(alert: KeptAlert, ruleName: string, target: string, severity: number, scope: string): object {
  return {
    id: `/subscriptions/${scope.split("/")[2]}/providers/Microsoft.AlertsManagement/alerts/${alert.id}`,
    name: ruleName,
    type: "Microsoft.AlertsManagement/alerts",
    properties: {
      essentials: {
        ...{
          severity: `Sev${severity}`,
          signalType: "Metric",
          alertState: "New",
          monitorCondition: alert.condition,
          monitorService: "Platform",
        },
        ...{
          targetResource: target,
          targetResourceName: target.split("/").at(-1),
          targetResourceGroup: target.split("/")[4],
          alertRule: alert.rule,
        },
        ...{ startDateTime: alert.firedAt, lastModifiedDateTime: alert.changedAt },
        ...(alert.condition === "Resolved" ? { monitorConditionResolvedDateTime: alert.changedAt } : {}),
      },
    },
  };
}
