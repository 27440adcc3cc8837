// Documents without what is not said.

/** Without keys whose value is null or undefined. */
export const compact = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && item !== null));
