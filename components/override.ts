// The one slot each child has for what its component does not foresee.

/** Fields to put over the component's own arguments of a child, or a function that gives other arguments. */
export type Override<Args> = Partial<Args> | ((args: Args) => Args);

/** The arguments with an override applied. */
export function overridden<Args extends object>(args: Args, override: Override<Args> | undefined): Args {
  return typeof override === "function" ? override(args) : { ...args, ...override };
}
