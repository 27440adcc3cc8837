// A fault as it is written down: which calls it meets, how often, and what happens to them.
import { z } from "zod";

/** The parts of the local Azure that a call can go to, each with its own form of errors. */
export const services = ["management", "entra", "graph", "machinelearning", "blob", "scoring", "vault", "events", "logic"] as const;
export type Service = (typeof services)[number];

const methods = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"] as const;
const glob = z.string().min(1, "must not be empty");
const count = z.int().min(1, "must be a whole number from 1");

const Call = z.strictObject({
  /** Where the call goes to. */
  service: z.enum(services).default("management"),
  method: z.union([z.enum(methods), z.array(z.enum(methods)).min(1)]).optional(),
  /** The URL's path, `*` for anything, slashes too: `/subscriptions/*` (case does not count). */
  path: glob.optional(),
  /** Resource type as Resource Manager names it: `Microsoft.Storage/storageAccounts`. */
  type: glob.optional(),
  /** The call's name in role definitions: `Microsoft.MachineLearningServices/workspaces/jobs/write`. */
  operation: glob.optional(),
});

const Answer = z.strictObject({
  status: z.int().min(400, "must be an error, 400 to 599").max(599, "must be an error, 400 to 599"),
  /** Default: what Azure says with this status. */
  code: z.string().min(1).optional(),
  message: z.string().min(1).optional(),
  /** Seconds; 429 always says when to come again (default 5). */
  retryAfter: z.number().min(0).max(3600).optional(),
});

/** How a long operation may end, though its request was taken. */
const Failure = z.strictObject({
  code: z.string().min(1).default("InternalServerError"),
  message: z.string().min(1).default("The operation failed on the service's side."),
});

/** What may happen to a call. A rule has one of these. */
export const effects = ["answer", "drop", "slow", "fail", "refuse", "rolesHoldAfter"] as const;

const Shape = z.strictObject({
  /** What the list calls it. */
  name: z.string().min(1).optional(),
  call: Call.prefault({}),
  /** The first n calls only. */
  first: count.optional(),
  /** Each nth call. */
  every: count.optional(),
  /** Each call with this chance, the same calls in each run. */
  probability: z.number().gt(0, "must be above 0").max(1, "must be at most 1").optional(),
  seed: z.int().optional(),
  /** Calls that are let through before the counting begins. */
  after: z.int().min(0).default(0),
  /** At most so many faults in all. */
  times: count.optional(),
  /** `path`: calls are counted for each method and path by itself ("the first try of everything"). */
  per: z.enum(["rule", "path"]).default("rule"),
  answer: Answer.optional(),
  /** The connection breaks: `before` the call is looked at, `after` its work is done, or `midway` through the answer. */
  drop: z.enum(["before", "after", "midway"]).optional(),
  /** Seconds before the call is looked at. */
  slow: z.number().gt(0, "must be above 0").max(3600).optional(),
  /** The request is taken, and its operation ends in `Failed`. */
  fail: Failure.optional(),
  /** In Azure's own words for the resource type: no quota left, name taken by somebody else, name held by something deleted. */
  refuse: z.enum(["quota", "nameTaken", "nameSoftDeleted"]).optional(),
  /** Seconds until a new role assignment holds. */
  rolesHoldAfter: z.number().gt(0, "must be above 0").max(3600).optional(),
});

/** Services whose calls are about resources. */
const resourceServices: readonly string[] = ["management", "machinelearning"] satisfies Service[];

export const FaultRule = Shape.superRefine((rule, context) => {
  const problem = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
  const named = effects.filter((effect) => rule[effect] !== undefined);
  if (named.length !== 1) problem("", `a rule has one of ${effects.join(", ")}; this one has ${named.join(" and ") || "none"}`);
  const often = (["first", "every", "probability"] as const).filter((one) => rule[one] !== undefined);
  if (often.length > 1) problem(often[1]!, `a rule has one of first, every, probability; this one has ${often.join(" and ")}`);
  if (rule.seed !== undefined && rule.probability === undefined) problem("seed", "belongs to probability, which is not there");
  if (rule.probability !== undefined && rule.per === "path") problem("per", "path goes with first or every, not with probability");
  if ((rule.fail ?? rule.refuse) !== undefined && !resourceServices.includes(rule.call.service))
    problem("call", `fail and refuse are for writes of resources (service management, or machinelearning for a registry's assets)`);
  if (rule.rolesHoldAfter !== undefined && Object.keys(rule.call).length + often.length > 1)
    problem("rolesHoldAfter", "is for all role assignments: it takes no call and no first, every, probability");
  if ((rule.call.type ?? rule.call.operation) !== undefined && !resourceServices.includes(rule.call.service))
    problem("call", `type and operation are of Resource Manager and Azure ML; ${rule.call.service} has neither: give path`);
});
export type FaultRule = Readonly<z.infer<typeof FaultRule>>;

export const FaultList = z.array(FaultRule);
