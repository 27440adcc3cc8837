// What a rule is: data (name, where it holds, which resource types) and pure functions over a resource's inputs.

/** Inputs of a resource, as the program gave them. Reading one that is not known yet during a preview throws (@pulumi/policy). */
// oxlint-disable-next-line typescript/no-explicit-any -- inputs of any type of resource
export type Props = Readonly<Record<string, any>>;

/** A resource as a rule sees it. */
export interface Subject {
  /** Token without an API version: `azure-native:storage:StorageAccount`. */
  readonly type: string;
  /** Pulumi name. */
  readonly name: string;
  readonly urn: string;
  readonly props: Props;
  readonly protect: boolean;
  /** Pulumi stack: shared, dev, auto, qa, prod. */
  readonly stack: string;
}

/** A resource among all of the stack. */
export interface StackSubject extends Subject {
  /** Input → resources that it comes from; known in a preview too, when ids are not. */
  readonly from: Readonly<Record<string, readonly string[]>>;
}

/** What is wrong and how to mend it; without a full stop at the end. */
export interface Finding {
  readonly problem: string;
  readonly fix: string;
  /** URN of the resource, where the rule looks at a whole stack. */
  readonly urn?: string;
}

interface Common {
  /** Unique in the pack, lower case with hyphens. */
  readonly name: string;
  /** The rule as a sentence. */
  readonly description: string;
  /** Where it holds; default: every stack. */
  readonly stacks?: readonly string[];
  /** Default: mandatory. */
  readonly level?: "advisory" | "mandatory";
}

export interface ResourceRule extends Common {
  /** Type token → findings; `*` looks at every resource. */
  readonly check: Readonly<Record<string, (subject: Subject) => readonly Finding[] | Promise<readonly Finding[]>>>;
}

export interface StackRule extends Common {
  readonly checkStack: (resources: readonly StackSubject[], stack: string) => readonly Finding[];
}

export type Rule = ResourceRule | StackRule;

/** A finding for each field that does not have the value it must have: `[path, wanted, why it matters]`. */
export function mustBe(
  props: Props,
  fields: readonly { readonly path: string; readonly is: string | boolean; readonly fix: string; readonly whenAbsent?: "fine" }[],
): Finding[] {
  return fields.flatMap(({ path, is, fix, whenAbsent }) => {
    const value = at(props, path);
    if (value === is || (typeof value === "string" && typeof is === "string" && value.toLowerCase() === is.toLowerCase())) return [];
    if (value === undefined && whenAbsent === "fine") return [];
    return [{ problem: `${path} is ${value === undefined ? "not set" : JSON.stringify(value)}; it must be ${JSON.stringify(is)}`, fix }];
  });
}

/** `properties.publicNetworkAccess` */
export function at(props: Props, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Props | undefined)?.[key], props);
}

/** True for an online endpoint or deployment that runs on a Kubernetes cluster. */
export const onKubernetes = (props: Props): boolean =>
  props["kind"] === "K8S" || at(props, "properties.endpointComputeType") === "Kubernetes";
