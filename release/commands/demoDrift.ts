// `mlops demo drift` (`npm run demo:drift`): requests change, the monitor finds it, training begins again, the gate says no, then yes; told as a story.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Checkout, Ran } from "../../test/checkout.ts";
import type { Command } from "../command.ts";
import type { SignalResult } from "../core/signals.ts";
import { summary } from "../core/signals.ts";
import { newVersion, otherClinic, readTable, requestFor, slipped, together } from "../flow/demo/clinic.ts";
import { type Chapter, type Line, must, parsed, reason, shown, tellStory } from "../flow/demo/story.ts";

const team = "team@example.com";
const approver = "ann@example.com";

/** The settings of a stage that the story needs, as one sets them: docs/monitoring.md, docs/notifications.md. */
const mailTo = (to: string, notice: string): string[] => [
  ...["kind=mail", `to[0]=${to}`, "from=DoNotReply@example.com", `on[0]=${notice}`, "quietSeconds=1"].flatMap((one) => [
    "--plaintext",
    `azure-mlops:notifications.team.${one}`,
  ]),
  ...["--secret", "azure-mlops:notifications.team.connectionString=endpoint=https://acs.example.com/;accesskey=of-the-sandbox"],
];
const watched = [
  "collect.enabled=true",
  "monitor.enabled=true",
  `monitor.emails[0]=${team}`,
  "retrain.onDrift=true",
  "retrain.onData=true",
];

async function prepare(copy: Checkout): Promise<Chapter[]> {
  // Makes the stacks too.
  await must(copy.mlops("sandbox", "env", "--json"));
  const set = (stack: string, ...values: string[]): Promise<Ran> =>
    must(copy.pulumi("config", "set-all", "--stack", stack, "--path", ...values));
  await set("dev", ...watched.flatMap((one) => ["--plaintext", `azure-mlops:${one}`]), ...mailTo(team, "gateFailed"));
  await set("prod", ...mailTo(approver, "waitingForApproval"));
  return chapters(copy);
}

function chapters(copy: Checkout): Chapter[] {
  const project = join(copy.dir, "project");
  const ours = readTable(join(project, "data", "diabetes.csv"));
  const theirs = otherClinic(ours);
  const mails = mailbox(copy);
  const ask = (file: string, table: typeof ours): Promise<Ran> => {
    writeFileSync(join(copy.dir, file), JSON.stringify(requestFor(table)));
    return copy.mlops("invoke", "--request-file", file, "--json");
  };
  const data = (version: string, table: typeof ours): Promise<Ran> => {
    newVersion(project, version, table);
    return copy.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  };
  const monitor: Pick<Chapter, "types" | "run" | "tell"> = {
    types: "mlops monitor --stage dev --run",
    run: () => copy.mlops("monitor", "--stage", "dev", "--run", "--json"),
    tell: async (ran) => [
      ...(parsed(ran) as { run: { signals: SignalResult[] } }).run.signals.map((signal) => ["found", summary(signal)] as const),
    ],
  };
  const retrain = { types: "mlops retrain --stage dev", run: () => copy.mlops("retrain", "--stage", "dev"), tell: decided };
  return [
    {
      stage: "dev",
      title: "A model is trained, passes the gate and serves; what it is asked and answers is kept",
      types: "npm start",
      run: () => copy.mlops("start", "--deploy", "--json"),
      tell: (ran) => {
        const { release } = parsed(ran) as { release: { id: string; run: { metrics: Record<string, number> } } };
        return [["changed", `${release.id} serves in dev: ${metrics(release.run.metrics)}`]];
      },
    },
    {
      stage: "prod",
      title: "Prod has nothing to serve yet, but approvers who are told by mail",
      types: "pulumi up --stack prod",
      run: () => copy.pulumi("up", "--yes", "--skip-preview", "--stack", "prod"),
      tell: () => [["changed", `a mail to ${approver} when a release waits for approval`]],
    },
    {
      stage: "dev",
      title: "An ordinary day",
      types: "mlops invoke --request-file patients.json",
      run: () => ask("patients.json", ours),
      tell: (ran) => [["asked", answered(ran)]],
    },
    { stage: "dev", title: "The monitor looks, and all is quiet", ...monitor },
    { stage: "dev", title: "So nothing is trained", ...retrain },
    {
      stage: "dev",
      title: "Another clinic joins: its patients are heavier and have higher blood pressure",
      types: "mlops invoke --request-file other-clinic.json",
      run: () => ask("other-clinic.json", together(theirs, theirs)),
      tell: (ran) => [["asked", answered(ran)]],
    },
    {
      stage: "dev",
      title: "The monitor finds the drift, and writes to the team",
      ...monitor,
      tell: async (ran) => [...(await monitor.tell(ran)), ...(await mails())],
    },
    {
      stage: "dev",
      title: "The outcomes of the new patients come in; in the table they have slipped by one row",
      types: 'edit data/data.yml: version "2"; pulumi up --stack dev',
      run: () => data("2", together(ours, slipped(theirs))),
      tell: () => [["changed", "diabetes:2 is there"]],
    },
    {
      stage: "dev",
      title: "Training begins by itself; the gate says no, and the team is told why",
      ...retrain,
      ends: 1,
      tell: async (ran) => [...decided(ran), ["refused", reason(ran)], ...(await mails())],
    },
    {
      stage: "dev",
      title: "Somebody reads it, sees the slip and mends the table",
      types: 'edit data/data.yml: version "3"; pulumi up --stack dev',
      run: () => data("3", together(ours, theirs)),
      tell: () => [["changed", "diabetes:3 is there"]],
    },
    { stage: "dev", title: "Training begins again; the gate says yes", ...retrain },
    {
      stage: "shared",
      title: "Into the registry",
      types: "mlops share --release release.json",
      run: () => copy.mlops("share", "--release", "release.json", "--json"),
      tell: () => [["changed", "qa and prod can take it from there"]],
    },
    {
      stage: "qa",
      title: "It is tested in qa, and waits for approval",
      types: "mlops deploy --stage qa --release release.json",
      run: () => copy.mlops("deploy", "--stage", "qa", "--release", "release.json", "--json"),
      tell: () => mails(),
    },
    { stage: "dev", title: "The same drift is not answered twice", ...retrain },
    { stage: "", title: "What the history says", types: "mlops releases", run: () => copy.mlops("releases"), tell: shown("") },
  ];
}

interface Mail {
  readonly number: number;
  readonly to: readonly string[];
  readonly subject: string;
  readonly body: string;
}

/** Tells of the mails that came since it was last asked; waits some seconds for the first. */
function mailbox(copy: Checkout): () => Promise<Line[]> {
  let seen = 0;
  return async () => {
    for (let look = 0; ; look++) {
      const all = parsed(await must(copy.mlops("sandbox", "outbox", "--json", "--last", "100"))) as Mail[];
      const fresh = all.filter(({ number }) => number > seen);
      if (fresh.length === 0 && look < 20) continue;
      seen = Math.max(seen, ...fresh.map(({ number }) => number));
      return fresh.flatMap(({ to, subject, body }): Line[] => [
        ["mail", `to ${to.join(", ")}: ${subject}`],
        ...lines(body, subject).map((line): Line => ["mail", `  ${line}`]),
      ]);
    }
  };
}

/** A mail's text, without what the subject has said and without its links. */
const lines = (html: string, subject: string): string[] =>
  html
    .replaceAll(/<a [^>]*>[^<]*<\/a>/gi, "")
    .replaceAll(/<br\s*\/?>|<\/(?:p|h\d|li|tr)>|; by /gi, "\n")
    .replaceAll(/<[^>]+>/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== subject);

const metrics = (all: Record<string, number>): string =>
  ["r2", "rmse"].map((name) => `${name} ${Number(all[name]?.toPrecision(3))}`).join(", ");

const answered = (ran: Ran): string => {
  const { status, body, milliseconds } = parsed(ran) as { status: number; body: number[]; milliseconds: number };
  const mean = body.reduce((sum, one) => sum + one, 0) / body.length;
  return `${body.length} patients, status ${status} in ${milliseconds.toFixed(0)} ms; predicted on average ${mean.toFixed(0)}`;
};

/** What `mlops retrain` decided, and what the gate said of each rule. */
const decided = ({ stdout }: Ran): Line[] =>
  stdout.split("\n").flatMap((line): Line[] => {
    if (/^(training|nothing to do|going on|stopped): /.test(line)) return [["decided", line]];
    const [, mark, verdict] = /^ {2}(?:\x1b\[\d+m)?([✓✗])(?:\x1b\[\d+m)? \S+ +(.*)$/.exec(line) ?? [];
    if (verdict) return [["checked", `${mark} ${verdict}`]];
    return / is a release; /.test(line) ? [["changed", line]] : [];
  });

export const demoDrift: Command = {
  name: "demo drift",
  summary: "drift on the sample, from changed requests to a new release that waits for approval, in a copy of this checkout",
  details:
    "Shifted requests, the monitor's finding and its mail, retraining that the gate refuses and one that it lets pass, told with times. Takes about 4 minutes, asks nothing and " +
    "leaves this checkout and its sandbox alone.",
  examples: ["npm run demo:drift"],
  async run(call) {
    await tellStory(call, { name: "From drift to a release", prepare });
  },
};
