// Acceptance requests (deploy/acceptance/*.json): a request, and what the answer must fulfil. docs/project.md has the table of fields.
import { z } from "zod";

const Expectation = z
  .strictObject({
    status: z.int().min(100).max(599),
    predictions: z
      .strictObject({
        count: z.int().min(0).optional(),
        min: z.number().optional(),
        max: z.number().optional(),
        near: z.array(z.number()).optional(),
        tolerance: z.number().min(0).optional(),
        order: z.literal("increasing").optional(),
      })
      .refine(({ near, tolerance }) => (near === undefined) === (tolerance === undefined), "near and tolerance belong together")
      .optional(),
    error: z.strictObject({ code: z.string().optional(), mentions: z.array(z.string()).default([]) }).optional(),
  })
  .refine(({ predictions, error }) => !(predictions && error), "has either predictions or error");

export const AcceptanceCase = z.strictObject({ description: z.string().min(1), request: z.unknown(), expect: Expectation });
export type AcceptanceCase = z.infer<typeof AcceptanceCase>;

/** Reads one file's text. @returns the case, or what is wrong with it */
export function readCase(text: string): { ok: true; value: AcceptanceCase } | { ok: false; problem: string } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: (error as Error).message };
  }
  const read = AcceptanceCase.safeParse(content);
  if (read.success) return { ok: true, value: read.data };
  return { ok: false, problem: read.error.issues.map(({ path, message }) => `${path.join(".") || "(file)"}: ${message}`).join("; ") };
}

/** In what an answer falls short of a case; none when it is accepted. `body` is parsed JSON, or the text when it was none. */
export function shortcomings({ expect }: AcceptanceCase, answer: { readonly status: number; readonly body: unknown }): string[] {
  if (answer.status !== expect.status)
    return [`status ${answer.status || "none (no answer)"}, expected ${expect.status}${excerpt(answer.body)}`];
  return [...predictionProblems(expect.predictions, answer.body), ...errorProblems(expect.error, answer.body)];
}

function predictionProblems(expect: AcceptanceCase["expect"]["predictions"], body: unknown): string[] {
  if (!expect) return [];
  const list: unknown = Array.isArray(body) ? body : (body as { predictions?: unknown } | null)?.predictions;
  if (!Array.isArray(list) || !list.every((item): item is number => typeof item === "number" && Number.isFinite(item))) {
    return [`the answer is not a list of numbers${excerpt(body)}`];
  }
  const { count, min, max, near, tolerance = 0, order } = expect;
  const each = (broken: (value: number, i: number) => string | undefined): string[] => list.flatMap((value, i) => broken(value, i) ?? []);
  return [
    ...(count !== undefined && list.length !== count ? [`${list.length} predictions, expected ${count}`] : []),
    ...each((value, i) => (min !== undefined && value < min ? `prediction ${i} is ${value}, below ${min}` : undefined)),
    ...each((value, i) => (max !== undefined && value > max ? `prediction ${i} is ${value}, above ${max}` : undefined)),
    ...(near && near.length !== list.length ? [`${list.length} predictions to compare with ${near.length} values of "near"`] : []),
    ...each((value, i) =>
      near?.[i] !== undefined && Math.abs(value - near[i]) > tolerance
        ? `prediction ${i} is ${value}, not within ${tolerance} of ${near[i]}`
        : undefined,
    ),
    ...each((value, i) =>
      order && i > 0 && value < list[i - 1]! ? `prediction ${i} is ${value}, smaller than the one before, ${list[i - 1]}` : undefined,
    ),
  ];
}

function errorProblems(expect: AcceptanceCase["expect"]["error"], body: unknown): string[] {
  if (!expect) return [];
  const text = JSON.stringify(body) ?? "";
  const code = (body as { error?: { code?: unknown } } | null)?.error?.code;
  return [
    ...(expect.code !== undefined && code !== expect.code
      ? [`error code ${JSON.stringify(code)}, expected ${JSON.stringify(expect.code)}`]
      : []),
    // The answer's JSON text, in which quotes within texts are escaped.
    ...expect.mentions
      .filter((part) => !text.includes(JSON.stringify(part).slice(1, -1)))
      .map((part) => `the error does not mention ${JSON.stringify(part)}`),
  ];
}

const excerpt = (body: unknown): string => {
  const text = typeof body === "string" ? body : (JSON.stringify(body) ?? "");
  return text === "" ? "" : `: ${text.replaceAll(/\s+/g, " ").slice(0, 160)}`;
};
