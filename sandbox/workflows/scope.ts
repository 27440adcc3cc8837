// What expressions of a run can see from where they stand.
import type { SandboxContext } from "../core.ts";
import type { Definition } from "./definition.ts";
import type { Scope } from "./expression/evaluate.ts";
import { EvaluationError } from "./expression/functions.ts";
import type { ActionResult, RunStore } from "./store.ts";

export interface RunContext {
  readonly sandbox: SandboxContext;
  readonly store: RunStore;
  readonly run: string;
  readonly definition: Definition;
  readonly workflow: { readonly id: string; readonly name: string };
  readonly trigger: { readonly outputs: unknown };
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** What a Response action answers. */
  respond(answer: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown }): void;
}

/** Where an action is: in no loop, or at an item of one. Results inside are seen from inside only. */
export interface Frame {
  readonly around: Frame | undefined;
  readonly loop: string | undefined;
  readonly item: unknown;
  readonly suffix: string;
  readonly results: Map<string, ActionResult>;
}

export function scopeOf(context: RunContext, frame: Frame): Scope {
  return {
    trigger: context.trigger,
    workflow: {
      id: context.workflow.id,
      name: context.workflow.name,
      run: { id: `${context.workflow.id}/runs/${context.run}`, name: context.run },
    },
    parameter(name) {
      if (Object.hasOwn(context.parameters, name)) return context.parameters[name];
      throw new EvaluationError(`there is no parameter '${name}'`);
    },
    action(name) {
      for (let at: Frame | undefined = frame; at; at = at.around) {
        const found = at.results.get(name);
        if (found) return { status: found.status, inputs: found.inputs, outputs: found.outputs };
      }
      throw new EvaluationError(`the action '${name}' has not run before; let this one run after it`);
    },
    item(loop) {
      for (let at: Frame | undefined = frame; at; at = at.around)
        if (at.around && (loop === undefined || at.loop?.toLowerCase() === loop.toLowerCase())) return at.item;
      throw new EvaluationError(loop === undefined ? "item() is for loops" : `there is no loop '${loop}' around`);
    },
  };
}
