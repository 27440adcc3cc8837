// From the REST body of a sweep job, or a pipeline's sweep node, to the step that is tried and the values that it is tried with.
import { randomInt } from "node:crypto";
import { stepSpec, withDefaults } from "../command-spec.ts";
import { durationOf, field, isObject, objectField, textField, type Json } from "../fields.ts";
import { notModeled, userError } from "../refuse.ts";
import type { StepInput, StepOutput, StepSpec } from "../spec.ts";
import { readPolicy } from "./policies.ts";
import { readSpace, sample, type Sampler } from "./sampling.ts";
import type { Search } from "./search.ts";

/** A sweep's defaults, as Azure's: 1,000 trials at most, ten at once. */
const most = 1000;

/**
 * @param body the job or node (`searchSpace`, `objective`, `limits`, `samplingAlgorithm`, `earlyTermination`)
 * @param trial what is run: the job's `trial`, or its component's spec
 * @param inputs what the job gives; values of the search space are added to them
 */
export function sweepSpec(
  where: string,
  body: Json,
  trial: Json,
  inputs: Record<string, StepInput>,
  outputs: Record<string, StepOutput>,
  computeId: string | undefined,
): StepSpec {
  const space = readSpace(objectField(body, "searchSpace"));
  const limits = objectField(body, "limits");
  const total = wholeNumber(where, limits, "maxTotalTrials") ?? most;
  const concurrent = wholeNumber(where, limits, "maxConcurrentTrials") ?? Math.min(10, total);
  const trialTimeoutMs = durationOf(field(limits, "trialTimeout"), "limits.trial_timeout");
  const timeoutMs = durationOf(field(limits, "timeout"), "limits.timeout");
  const points = sample(space, readSampler(where, field(body, "samplingAlgorithm")), total);
  const first = Object.fromEntries(
    Object.entries(points[0]!).map(([name, value]) => [name, { kind: "literal", value: String(value) } satisfies StepInput]),
  );
  const all = { ...inputs, ...first };
  const declared = Object.keys(objectField(trial, "inputs")).length > 0;
  const given = declared ? { ...withDefaults(where, trial, onlyDeclared(trial, all)), ...first } : all;
  const { timeoutMs: _own, ...spec } = stepSpec(where, { ...trial, limits: {}, ...nodeSettings(body) }, trial, given, outputs, computeId);
  const objective = objectField(body, "objective");
  const name = textField(objective, "primaryMetric");
  const goal = textField(objective, "goal")?.toLowerCase();
  if (!name || (goal !== "minimize" && goal !== "maximize"))
    throw userError(`${where}: objective needs a primary_metric and a goal (minimize or maximize).`, "objective");
  const policy = readPolicy(field(body, "earlyTermination"));
  const search: Search = {
    kind: "sweep",
    metric: { name, goal },
    concurrent: Math.min(concurrent, total),
    candidates: points.map((point) => ({
      inputs: Object.fromEntries(Object.entries(point).map(([key, value]) => [key, String(value)])),
      properties: {},
      tags: { hyperparameters: JSON.stringify(point) },
    })),
    notes: [],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(policy ? { policy } : {}),
  };
  return { ...spec, ...(trialTimeoutMs === undefined ? {} : { timeoutMs: trialTimeoutMs }), search };
}

/** A node may override what its trial runs with. */
const nodeSettings = (body: Json): Json =>
  Object.fromEntries(["resources", "identity"].filter((key) => isObject(body[key])).map((key) => [key, body[key]]));

function onlyDeclared(trial: Json, inputs: Record<string, StepInput>): Record<string, StepInput> {
  const declared = objectField(trial, "inputs");
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => declared[name.split(".")[0]!] !== undefined));
}

function wholeNumber(where: string, limits: Json, key: string): number | undefined {
  const value = field(limits, key);
  if (value === undefined) return undefined;
  if (!Number.isInteger(Number(value)) || Number(value) < 1)
    throw userError(`${where}: limits.${key} is ${JSON.stringify(value)}; it must be a whole number from 1 on.`, `limits.${key}`);
  return Number(value);
}

function readSampler(where: string, raw: unknown): Sampler {
  const body = isObject(raw) ? raw : {};
  const kind = (
    typeof raw === "string" ? raw : (textField(body, "samplingAlgorithmType") ?? textField(body, "type") ?? "random")
  ).toLowerCase();
  if (kind === "bayesian")
    throw notModeled(`${where}: sampling_algorithm bayesian`, "it draws no trial from the results of earlier ones; use random or grid");
  if (kind !== "random" && kind !== "grid")
    throw userError(`${where}: sampling_algorithm "${kind}" is none; they are random, grid, bayesian.`, "samplingAlgorithm");
  const seed = field(body, "seed");
  return {
    kind,
    rule: textField(body, "rule")?.toLowerCase() === "sobol" ? "sobol" : "random",
    seed: seed === undefined ? randomInt(2 ** 31) : Number(seed),
  };
}
