// `mlops demo release` (`npm run demo:release`): the whole release train on the sample, in a copy of this checkout, told as a story.
import type { Checkout, Ran } from "../../test/checkout.ts";
import type { Command } from "../command.ts";
import { type Chapter, type Line, must, parsed, reason, shown, type Someone, tellStory } from "../flow/demo/story.ts";
import { short } from "../flow/release/story.ts";

interface Manifest {
  readonly id: string;
  readonly digest: string;
  readonly signature: { readonly key: string };
  readonly gate: { readonly verdicts: readonly { readonly rule: string; readonly message: string }[] };
  readonly run: { readonly metrics: Record<string, number> };
}
interface Deployed {
  readonly endpoint: {
    readonly name: string;
    readonly traffic: Record<string, number>;
    readonly deployments: readonly { name: string; model?: string }[];
  };
  readonly acceptance?: { readonly results: readonly { readonly file: string }[] };
}

const traffic = ({ endpoint }: Deployed): string =>
  endpoint.deployments
    .map(
      ({ name, model }) =>
        `${name} serves ${
          /models\/([^/]+)\/versions\/(.+)$/
            .exec(model ?? "")
            ?.slice(1)
            .join(":") ?? "?"
        } with ${endpoint.traffic[name] ?? 0} %`,
    )
    .join(", ");
const splits = ({ stderr }: Ran): string =>
  [...new Set([...stderr.matchAll(/^\s+traffic ([a-z0-9= ]+?)(?:, watched.*)?$/gm)].map((match) => match[1]!))].join(" → ");

const backAgain = (ran: Ran): Line[] => {
  const { from, to, milliseconds } = parsed(ran) as { from: string; to: string; milliseconds: number };
  return [["changed", `prod: ${from} → ${to}, traffic moved in ${milliseconds.toFixed(0)} ms`]];
};

function chapters(copy: Checkout, ann: Someone, bob: Someone): Chapter[] {
  const deploy = (stage: string, release: string): Promise<Ran> => copy.mlops("deploy", "--stage", stage, "--release", release, "--json");
  const approve = (who: Someone, release: string): Promise<Ran> => who.mlops("approve", "--release", release, "--stage", "prod", "--yes");
  const deployed =
    (stage: string) =>
    (ran: Ran): Line[] => {
      const done = parsed(ran) as Deployed;
      const checked = /^check {2}(.*)$/m.exec(ran.stderr)?.[1];
      return [
        ...(checked ? [["checked", checked] as const] : []),
        ...(done.acceptance
          ? [
              [
                "checked",
                `${done.acceptance.results.length} acceptance requests: ${done.acceptance.results.map(({ file }) => file).join(", ")}`,
              ] as const,
            ]
          : []),
        ...(splits(ran).includes("→") ? [["traffic", splits(ran)] as const] : []),
        ["changed", `${stage}: endpoint ${done.endpoint.name}: ${traffic(done)}`],
      ];
    };
  const gated = (ran: Ran): Line[] => {
    const { release } = parsed(ran) as { release: Manifest };
    return [
      ...release.gate.verdicts.map(({ message }) => ["checked", message] as const),
      [
        "changed",
        `release ${release.id} is written down, digest ${short(release.digest)}, signed by ${release.signature.key.split("/keys/")[1]}`,
      ],
    ];
  };
  const qaAndApproval = (release: string): Chapter[] => [
    {
      stage: "shared",
      title: "Into the registry",
      types: `mlops share --release ${release}`,
      run: () => copy.mlops("share", "--release", release, "--json"),
      tell: (ran) => [
        [
          "changed",
          (parsed(ran) as { assets: { copied: boolean; collection: string; name: string; version: string }[] }).assets
            .filter(({ copied }) => copied)
            .map(({ collection, name, version }) => `${collection.replace(/s$/, "")} ${name}:${version.slice(0, 8)}`)
            .join(", "),
        ],
      ],
    },
    {
      stage: "qa",
      title: "Test it in qa",
      types: `mlops deploy --stage qa --release ${release}`,
      run: () => deploy("qa", release),
      tell: deployed("qa"),
    },
  ];
  return [
    {
      stage: "dev",
      title: "Train, and hold the model against the gate",
      types: "npm start -- --no-deploy",
      run: () => copy.mlops("start", "--no-deploy", "--json"),
      tell: gated,
    },
    ...qaAndApproval("diabetes-1").slice(0, 1),
    {
      stage: "auto",
      title: "Serve it from the registry, beside dev",
      types: "mlops deploy --stage auto --release diabetes-1",
      run: () => deploy("auto", "diabetes-1"),
      tell: deployed("auto"),
    },
    ...qaAndApproval("diabetes-1").slice(1),
    {
      stage: "prod",
      title: "Prod without an approval",
      types: "mlops deploy --stage prod --release diabetes-1",
      ends: 1,
      run: () => deploy("prod", "diabetes-1"),
      tell: (ran) => [["refused", reason(ran)]],
    },
    {
      stage: "prod",
      title: "Whoever trained it cannot approve it",
      types: "mlops approve --release diabetes-1",
      ends: 1,
      run: () => approve(copy, "diabetes-1"),
      tell: (ran) => [["refused", reason(ran)]],
    },
    {
      stage: "prod",
      title: "Ann approves",
      types: "ann: mlops approve --release diabetes-1",
      run: () => approve(ann, "diabetes-1"),
      tell: shown("saw"),
    },
    {
      stage: "prod",
      title: "Prod's first release",
      types: "mlops deploy --stage prod --release diabetes-1",
      run: () => deploy("prod", "diabetes-1"),
      tell: deployed("prod"),
    },
    {
      stage: "dev",
      title: "A better model",
      types: "mlops train --set inputs.alpha=0.9",
      run: () => copy.mlops("train", "--no-up", "--set", "inputs.alpha=0.9", "--json"),
      tell: gated,
    },
    ...qaAndApproval("diabetes-2"),
    {
      stage: "prod",
      title: "Bob approves, seeing what changes",
      types: "bob: mlops approve --release diabetes-2",
      run: () => approve(bob, "diabetes-2"),
      tell: shown("saw"),
    },
    {
      stage: "prod",
      title: "Canary: 10, 50, 100 %",
      types: "mlops deploy --stage prod --release diabetes-2",
      run: () => deploy("prod", "diabetes-2"),
      tell: deployed("prod"),
    },
    {
      stage: "prod",
      title: "Back to the slot that was kept",
      types: 'mlops rollback --stage prod --reason "answers are off"',
      run: () => copy.mlops("rollback", "--stage", "prod", "--reason", "answers are off", "--json"),
      tell: backAgain,
    },
    {
      stage: "",
      title: "What the history says",
      types: "mlops releases",
      run: () => copy.mlops("releases"),
      tell: shown(""),
    },
  ];
}

export const demo: Command = {
  name: "demo release",
  summary: "the whole release train on the sample, from training to canary and rollback, in a copy of this checkout",
  details:
    "Takes some minutes, asks nothing and leaves this checkout and its sandbox alone: it runs in a temporary copy with a sandbox of its own.",
  examples: ["npm run demo:release"],
  async run(call) {
    await tellStory(call, {
      name: "The whole train",
      async prepare(copy) {
        await must(copy.mlops("sandbox", "env", "--json"));
        const [ann, bob] = await Promise.all([copy.as("ann"), copy.as("bob")]);
        // Five minutes for each step of the canary would make a dull story.
        for (const [key, value] of [
          ["rollout.bakeSeconds", "5"],
          ["rollout.maxP95Ms", "5000"],
        ] as const)
          await must(copy.pulumi("config", "set", "--path", `azure-mlops:${key}`, value, "--stack", "prod"));
        return chapters(copy, ann, bob);
      },
    });
  },
};
