// From rules to what @pulumi/policy wants, with one form of message: the resource, what is wrong, the fix. Pulumi
// prints the rule's name and its sentence above it.
import type { PolicyResource, ReportViolation, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { type Exception, exceptionFor } from "./exceptions.ts";
import type { Finding, Rule, StackSubject, Subject } from "./rule.ts";

/** `azure-native:storage/v20240101:StorageAccount` → `azure-native:storage:StorageAccount` */
export const plainType = (token: string): string => token.replace(/\/v\d{8}\w*:/, ":");

/** `urn:pulumi:prod::azure-mlops::…` → `prod` */
export const stackOf = (urn: string): string => urn.split("::")[0]!.split(":").at(-1)!;

/** `prod-storage: allowSharedKeyAccess is true; it must be false. Fix: set allowSharedKeyAccess: false.` */
export function message(resource: string, { problem, fix }: Finding, expired: Exception | undefined): string {
  const late = expired ? ` (its exception in policy/exceptions.yml ended on ${expired.until})` : "";
  return `${resource}: ${problem}${late}. Fix: ${fix}.`;
}

export function toPolicy(rule: Rule, exceptions: readonly Exception[], now = new Date()): ResourceValidationPolicy | StackValidationPolicy {
  const { name, description, level: enforcementLevel = "mandatory" } = rule;
  const report = (stack: string, resource: string, finding: Finding, violation: ReportViolation, urn?: string): void => {
    const exception = exceptionFor(exceptions, { rule: name, stack, resource }, now);
    if (!exception.valid) violation(message(resource, finding, exception.expired), urn);
  };
  if ("check" in rule) {
    return {
      name,
      description,
      enforcementLevel,
      validateResource: async (args, violation) => {
        const [type, stack] = [plainType(args.type), stackOf(args.urn)];
        const checks = [rule.check[type], rule.check["*"]].filter((one) => one !== undefined);
        if (checks.length === 0 || !holdsIn(rule, stack)) return;
        const subject: Subject = { type, stack, name: args.name, urn: args.urn, props: args.props, protect: args.opts.protect };
        for (const check of checks) for (const finding of await check(subject)) report(stack, args.name, finding, violation);
      },
    };
  }
  return {
    name,
    description,
    enforcementLevel,
    validateStack: ({ resources }, violation) => {
      const [first] = resources;
      if (!first) return;
      const stack = stackOf(first.urn);
      if (!holdsIn(rule, stack)) return;
      const subjects = resources.map(stackSubject);
      for (const finding of rule.checkStack(subjects, stack)) {
        const name = subjects.find(({ urn }) => urn === finding.urn)?.name ?? `stack ${stack}`;
        report(stack, name, finding, violation, finding.urn);
      }
    },
  };
}

const holdsIn = ({ stacks }: Rule, stack: string): boolean => stacks === undefined || stacks.includes(stack);

function stackSubject(resource: PolicyResource): StackSubject {
  const { type, name, urn, props, opts, propertyDependencies } = resource;
  const from = Object.fromEntries(Object.entries(propertyDependencies).map(([key, of]) => [key, of.map((one) => one.urn)]));
  return { type: plainType(type), name, urn, props, protect: opts.protect, stack: stackOf(urn), from };
}
