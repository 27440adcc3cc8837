// What a `pulumi preview` found, from the events that Pulumi writes with --json and PULUMI_ENABLE_STREAMING_JSON_PREVIEW.

/** Inputs of a resource, before or after. */
export type Inputs = Readonly<Record<string, unknown>>;

export interface Change {
  /** create, update, replace or delete; the steps that a replacement is made of are one. */
  readonly kind: "create" | "update" | "replace" | "delete";
  /** `OnlineDeployment` */
  readonly type: string;
  readonly name: string;
  readonly before: Inputs | undefined;
  readonly after: Inputs | undefined;
  /** Inputs that differ. */
  readonly fields: readonly string[];
}

export interface Violation {
  readonly rule: string;
  readonly mandatory: boolean;
  /** `prod-storage: … Fix: …` */
  readonly message: string;
}

export interface StagePreview {
  readonly stage: string;
  readonly changes: readonly Change[];
  /** Resources that stay as they are, with their inputs: what runs and what it costs. */
  readonly same: readonly Change[];
  readonly violations: readonly Violation[];
  /** Why there is no preview; none when there is. */
  readonly errors: readonly string[];
}

interface State {
  readonly inputs?: Inputs;
}

interface EngineEvent {
  readonly resourcePreEvent?: {
    readonly metadata: {
      readonly op: string;
      readonly urn: string;
      readonly old?: State | null;
      readonly new?: State | null;
      readonly diffs?: readonly string[] | null;
    };
  };
  readonly policyEvent?: { readonly message: string; readonly policyName: string; readonly enforcementLevel: string };
  readonly diagnosticEvent?: { readonly message: string; readonly severity: string };
}

const kinds: Readonly<Record<string, Change["kind"]>> = {
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
};

/** @param lines one JSON document a line; lines that are none are passed over */
export function readPreview(stage: string, lines: string, code: number): StagePreview {
  const changes = new Map<string, Change>();
  const same: Change[] = [];
  const violations: Violation[] = [];
  const errors: string[] = [];
  for (const line of lines.split("\n")) {
    const event = parsed(line);
    if (!event) continue;
    const { resourcePreEvent: step, policyEvent: policy, diagnosticEvent: diagnostic } = event;
    if (step && !/::pulumi:(?:pulumi|providers):/.test(step.metadata.urn)) {
      const { op, urn, old, new: next, diffs } = step.metadata;
      const [type, name] = [urn.split("::")[2]!.split("$").at(-1)!.split(":").at(-1)!, urn.split("::").at(-1)!];
      const change = { type, name, before: old?.inputs, after: next?.inputs, fields: diffs ?? [] };
      const kind = kinds[op];
      // Components have no inputs of their own and only frame what they are made of.
      if (kind && (change.before || change.after) && !(kind === "create" && Object.keys(change.after ?? {}).length === 0)) {
        const known = changes.get(urn);
        changes.set(urn, {
          ...change,
          kind,
          before: known?.before ?? change.before,
          after: change.after ?? known?.after,
          fields: change.fields.length > 0 ? change.fields : (known?.fields ?? []),
        });
      } else if (op === "same") same.push({ ...change, kind: "update" });
    }
    if (policy) {
      const message = plain(policy.message).split("\n").slice(1).join(" ") || plain(policy.message);
      violations.push({ rule: policy.policyName, mandatory: policy.enforcementLevel !== "advisory", message });
    }
    if (diagnostic?.severity === "error" && !/^(?:error: )?preview failed$/.test(plain(diagnostic.message)))
      errors.push(plain(diagnostic.message).replace(/^error: /, ""));
  }
  const unexplained = code !== 0 && errors.length === 0 && !violations.some(({ mandatory }) => mandatory);
  return {
    stage,
    changes: [...changes.values()],
    same,
    violations,
    errors: unexplained ? [`pulumi preview --stack ${stage} ended with ${code}`] : errors,
  };
}

function parsed(line: string): EngineEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined;
  }
}

/** Without colours. */
// oxlint-disable-next-line no-control-regex -- the escape character begins a colour
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m|<\{%[^%]*%\}>/g, "").trim();
