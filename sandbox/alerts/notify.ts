// An action group told of an alert: mail into the outbox, the common alert schema to webhooks and logic apps; never more mail than Azure sends.
// https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema and action-groups ("Rate limiting")
import type { ArmResource, SandboxContext } from "../core.ts";
import { onThisMachine, send } from "../events/outgoing.ts";
import { mailsOf, sendMail } from "../mail/outbox.ts";

/** Azure sends an address at most that many mails of alerts in an hour. */
const mailsPerHour = 100;
/** Waits between tries of a webhook that did not answer 2xx. */
const retryAfterMs = [5_000, 20_000, 60_000];

export interface AlertNotice {
  readonly alertId: string;
  readonly rule: ArmResource;
  readonly condition: "Fired" | "Resolved";
  /** ISO 8601. */
  readonly firedAt: string;
  readonly resolvedAt: string | undefined;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly conditions: readonly {
    readonly metricName: string;
    readonly operator: string;
    readonly threshold: number;
    readonly value: number;
    readonly timeAggregation: string;
  }[];
  readonly windowStart: string;
  readonly windowEnd: string;
}

type Group = {
  enabled: boolean;
  emailReceivers: { emailAddress: string }[];
  webhookReceivers: { name: string; serviceUri: string }[];
  logicAppReceivers: { name: string; callbackUrl: string }[];
};

/** Mail is in the outbox when this returns; calls go on behind it. */
export function notify(sandbox: SandboxContext, group: ArmResource, notice: AlertNotice): void {
  const { enabled, emailReceivers, webhookReceivers, logicAppReceivers } = group.properties as unknown as Group;
  if (!enabled) return;
  mail(
    sandbox,
    emailReceivers.map(({ emailAddress }) => emailAddress),
    notice,
  );
  const body = JSON.stringify(commonSchema(notice));
  for (const url of [...webhookReceivers.map(({ serviceUri }) => serviceUri), ...logicAppReceivers.map(({ callbackUrl }) => callbackUrl)])
    void call(sandbox, url, body);
}

function mail(sandbox: SandboxContext, to: readonly string[], notice: AlertNotice): void {
  const hourAgo = Date.now() - 3_600_000;
  const sent = mailsOf(sandbox).filter(({ from, time }) => from === "action group" && Date.parse(time) >= hourAgo);
  const count = (address: string): number => sent.filter((one) => one.to.includes(address)).length;
  const { rule, condition, conditions, dimensions } = notice;
  const subject = `${condition === "Fired" ? "Fired" : "Resolved"}: Sev${String(rule.properties["severity"])} ${rule.name}`;
  const where = Object.entries(dimensions).map(([name, value]) => `${name} ${value}`);
  const lines = conditions.map(
    ({ metricName, operator, threshold, value, timeAggregation }) =>
      `${metricName} (${timeAggregation}) is ${Number(value.toPrecision(4))}, alert when ${operator} ${threshold}`,
  );
  const body = [
    (rule.properties["description"] as string | null) ?? "",
    ...lines,
    ...where,
    String((rule.properties["scopes"] as string[])[0]),
  ]
    .filter(Boolean)
    .join("\n");
  for (const address of to) {
    const before = count(address);
    if (before < mailsPerHour - 1) sendMail(sandbox, { from: "action group", to: [address], subject, body });
    else if (before === mailsPerHour - 1) {
      const last = `${body}\n\nThis was mail ${mailsPerHour} of alerts in an hour; no more are sent to this address until fewer come.`;
      sendMail(sandbox, { from: "action group", to: [address], subject, body: last });
    }
  }
}

/** The same for what is no metric alert: one mail to each address, one body to each webhook. */
export function callAll(
  sandbox: SandboxContext,
  group: ArmResource,
  mail: { from: string; subject: string; body: string },
  body: object,
): void {
  const { enabled, emailReceivers, webhookReceivers, logicAppReceivers } = group.properties as unknown as Group;
  if (!enabled) return;
  for (const { emailAddress } of emailReceivers) sendMail(sandbox, { ...mail, to: [emailAddress] });
  const text = JSON.stringify(body);
  for (const url of [...webhookReceivers.map(({ serviceUri }) => serviceUri), ...logicAppReceivers.map(({ callbackUrl }) => callbackUrl)])
    void call(sandbox, url, text);
}

async function call(sandbox: SandboxContext, url: string, body: string): Promise<void> {
  if (!onThisMachine(url)) {
    sandbox.log("alerts", `${new URL(url).origin} is not on this machine; the sandbox does not call it`);
    return;
  }
  for (const wait of [0, ...retryAfterMs]) {
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait).unref());
    try {
      const { status } = await send(sandbox, { method: "POST", url, headers: { "content-type": "application/json" }, body }, 10_000);
      if (status < 300) return;
    } catch {
      // The next try, if there is one.
    }
  }
  sandbox.log("alerts", `${new URL(url).origin} did not take an alert in ${retryAfterMs.length + 1} tries`);
}

function commonSchema({
  alertId,
  rule,
  condition,
  firedAt,
  resolvedAt,
  dimensions,
  conditions,
  windowStart,
  windowEnd,
}: AlertNotice): object {
  const scopes = rule.properties["scopes"] as string[];
  const shown = Object.entries(dimensions).map(([name, value]) => ({ name, value }));
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        ...{
          alertId,
          alertRule: rule.name,
          alertRuleID: rule.id,
          severity: `Sev${String(rule.properties["severity"])}`,
          signalType: "Metric",
        },
        ...{ monitorCondition: condition, monitoringService: "Platform", alertTargetIDs: scopes, firedDateTime: firedAt },
        ...(resolvedAt ? { resolvedDateTime: resolvedAt } : {}),
        ...{ description: rule.properties["description"] ?? "", essentialsVersion: "1.0", alertContextVersion: "1.0" },
        configurationItems: [scopes[0]!.split("/").at(-1)],
      },
      alertContext: {
        conditionType: "SingleResourceMultipleMetricCriteria",
        condition: {
          ...{ windowSize: rule.properties["windowSize"], windowStartTime: windowStart, windowEndTime: windowEnd },
          allOf: conditions.map(({ threshold, value, ...one }) => ({
            ...one,
            threshold: String(threshold),
            metricValue: value,
            dimensions: shown,
          })),
        },
      },
    },
  };
}
