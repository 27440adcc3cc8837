// What a preview costs: the dev stage against an empty program, and each further resource.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { openCheckout } from "./checkout.ts";
import type { Checkout } from "./checkout.ts";
import { median } from "./figures.ts";
import type { Figure } from "./figures.ts";

const repo = fileURLToPath(new URL("..", import.meta.url));
const ROUNDS = 7;
const SIZES = [100, 550, 1_000];
const SIZE_ROUNDS = 5;

/** Takes two to four minutes; needs Pulumi CLI and sandbox, which it starts for itself. */
export async function measure(report: (line: string) => void): Promise<Figure[]> {
  const checkout = await openCheckout(["dev"]);
  try {
    return [...stageAgainstEmpty(checkout, report), ...perResource(checkout, report)];
  } finally {
    await checkout.close();
  }
}

/** Runs by turns, so that all see the same machine. */
function stageAgainstEmpty(checkout: Checkout, report: (line: string) => void): Figure[] {
  const [plain, preloaded] = [checkout.emptyProgram("plain"), checkout.emptyProgram("preloaded")];
  report("up of the dev stage");
  checkout.pulumi(["up", "--yes", "--skip-preview", "--stack", "dev"]);
  const resources = checkout.resources("dev");
  const round = (): [number, number, number] => [
    checkout.pulumi(["preview", "--stack", "dev", "--expect-no-changes"]),
    checkout.pulumi(["preview", "--stack", "dev"], plain),
    checkout.pulumi(["preview", "--stack", "dev"], preloaded),
  ];
  round();
  const rounds = Array.from({ length: ROUNDS }, round);
  const [stage, empty, base] = [0, 1, 2].map((i) => median(rounds.map((times) => times[i]!))) as [number, number, number];
  report(`dev stage ${stage.toFixed(2)} s, empty program ${empty.toFixed(2)} s, with this program's preload ${base.toFixed(2)} s`);
  const how = (other: string): string => `medians of ${ROUNDS} runs by turns: ${resources} resources ${stage.toFixed(2)} s, ${other}`;
  return [
    {
      name: "preview of the dev stage, no changes, against an empty Pulumi program (typescript: false)",
      value: stage / empty,
      unit: "×",
      atMost: 2,
      how: how(`empty program ${empty.toFixed(2)} s`),
    },
    {
      name: "the same against an empty program that loads stacks/preload.cjs too",
      value: stage / base,
      unit: "×",
      how: how(`empty program with the preload ${base.toFixed(2)} s`),
    },
  ];
}

/** The dev stage with a project folder of ever more data assets; each file makes a component and a version. */
function perResource(checkout: Checkout, report: (line: string) => void): Figure[] {
  const folders = SIZES.map((size) => generatedProject(checkout.dir, size));
  const preview = (folder: string): number => {
    checkout.pulumi(["config", "set", "azure-mlops:project", relative(repo, folder), "--stack", "dev"]);
    return checkout.pulumi(["preview", "--stack", "dev"]);
  };
  preview(folders[0]!);
  // Sizes by turns, so that all of them see the same machine.
  const rounds = Array.from({ length: SIZE_ROUNDS }, () => folders.map(preview));
  const times = SIZES.map((size, i) => {
    const seconds = median(rounds.map((round) => round[i]!));
    report(`${size} generated resources: ${seconds.toFixed(2)} s`);
    return seconds;
  });
  const [small, middle, large] = times as [number, number, number];
  const slope = (from: number, to: number, a: number, b: number): number => ((b - a) / (to - from)) * 1_000;
  const halves = [slope(SIZES[0]!, SIZES[1]!, small, middle), slope(SIZES[1]!, SIZES[2]!, middle, large)] as const;
  const seen = SIZES.map((size, i) => `${size}: ${times[i]!.toFixed(2)} s`).join(", ");
  return [
    {
      name: `preview, each further resource between ${SIZES[0]} and ${SIZES.at(-1)} generated ones`,
      value: slope(SIZES[0]!, SIZES.at(-1)!, small, large),
      unit: "ms",
      atMost: 10,
      how: `medians of ${SIZE_ROUNDS} runs by turns, ${seen}`,
    },
    {
      name: "preview, cost of a resource in the upper half of that range against the lower half (1 is linear)",
      value: halves[1] / halves[0],
      unit: "×",
      atMost: 1.5,
      how: `${halves[0].toFixed(1)} ms, then ${halves[1].toFixed(1)} ms`,
    },
  ];
}

function generatedProject(dir: string, resources: number): string {
  const folder = join(dir, `project-${resources}`);
  mkdirSync(join(folder, "data"), { recursive: true });
  for (const part of ["deploy", "mlops"]) cpSync(join(repo, "project", part), join(folder, part), { recursive: true });
  for (let i = 0; i < resources / 2; i++) {
    const path = `azureml://datastores/workspaceblobstore/paths/generated/${i}.csv`;
    writeFileSync(
      join(folder, "data", `table-${i}.yml`),
      `name: table-${i}\nversion: "1"\ntype: uri_file\npath: ${path}\ndescription: Generated table ${i}.\n`,
    );
  }
  return folder;
}
