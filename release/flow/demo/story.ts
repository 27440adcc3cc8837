// Tells a story on a copy of this checkout: in each chapter somebody types a command, and what came of it is told, with times.
import pc from "picocolors";
import { type Checkout, copyCheckout, type Ran } from "../../../test/checkout.ts";
import { runSteps } from "../../../tools/setup/step.ts";
import { toolchain } from "../../../tools/setup/toolchain.ts";
import { type Call, CommandError } from "../../command.ts";
import { duration } from "../release/story.ts";

export type Someone = Pick<Checkout, "mlops" | "pulumi">;

/** A line of a chapter, with a word in front: checked, changed, refused. */
export type Line = readonly [word: string, text: string];

/** One chapter: what somebody does, and what is told of it. */
export interface Chapter {
  /** Empty: it is about no stage. */
  readonly stage: string;
  readonly title: string;
  /** Who and what, as one would type it. */
  readonly types: string;
  run(): Promise<Ran>;
  /** Exit code that belongs to the story; 0 unless said. */
  readonly ends?: number;
  tell(ran: Ran): readonly Line[] | Promise<readonly Line[]>;
}

export interface Story {
  /** What the end calls it: `The whole train`. */
  readonly name: string;
  /** Makes the copy ready, before the first chapter. */
  prepare(copy: Checkout): Promise<readonly Chapter[]>;
}

/** Tells it to the end. @throws CommandError where a chapter ends otherwise than the story says */
export async function tellStory(call: Call, story: Story): Promise<void> {
  const began = performance.now();
  await runSteps(toolchain, (line) => call.out.progress(line));
  const copy = copyCheckout();
  const took: { title: string; milliseconds: number }[] = [];
  try {
    call.out.print(`A sandbox of its own in ${copy.dir}; no subscription, nothing outside this machine.\n`);
    for (const [i, chapter] of (await story.prepare(copy)).entries()) {
      if (call.signal.aborted) throw new CommandError("interrupted");
      const start = performance.now();
      call.out.print(
        `${pc.bold(`${i + 1}. ${chapter.title}`)}${chapter.stage ? pc.dim(`  (${chapter.stage})`) : ""}\n   ${pc.cyan(`$ ${chapter.types}`)}`,
      );
      const ran = await chapter.run();
      const milliseconds = performance.now() - start;
      if (ran.code !== (chapter.ends ?? 0))
        throw new CommandError(
          `the story broke at "${chapter.title}": exit code ${ran.code}\n${ran.stdout.slice(-1000)}\n${ran.stderr.slice(-3000)}`,
        );
      let last = "";
      for (const [word, line] of await chapter.tell(ran)) {
        const color = word === "refused" ? pc.red : word === "changed" ? pc.green : pc.dim;
        call.out.print(`   ${color((word === last ? "" : word).padEnd(8))} ${line}`);
        last = word;
      }
      call.out.print(`   ${pc.dim(`took     ${duration(milliseconds)}, ${duration(performance.now() - began)} since the beginning`)}\n`);
      took.push({ title: chapter.title, milliseconds: Math.round(milliseconds) });
    }
    call.out.print(`${story.name} took ${duration(performance.now() - began)}.`);
    call.out.result({ chapters: took });
  } finally {
    await copy.dispose();
  }
}

/** What a command printed under `--json`. */
export const parsed = ({ stdout }: Ran): unknown => JSON.parse(stdout);

/** Why a command refused, on one line. */
export const reason = ({ stderr }: Ran): string =>
  stderr
    .slice(stderr.lastIndexOf("\nmlops: ") + 1)
    .replace("mlops: ", "")
    .replaceAll(/\s*\n\s*/g, ". ")
    .replace(/[. ]+$/, "")
    .trim();

/** What somebody was shown, line by line. */
export const shown =
  (word: string): Chapter["tell"] =>
  ({ stdout }) =>
    stdout
      .trim()
      .split("\n")
      .map((line) => [word, line] as const);

/** Runs it, and stops the story where it fails. */
export async function must(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.code !== 0) throw new CommandError(`${ran.stdout.slice(-1000)}\n${ran.stderr.slice(-3000)}`);
  return ran;
}
