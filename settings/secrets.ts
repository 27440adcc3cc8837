// Which settings hold secrets: their values are shown to nobody, and they may not stand in a stack's file in plain.

/** Settings of which a part is a secret. Pulumi marks the whole key. */
export const secretSettings: readonly string[] = ["notifications", "trigger"];

/** The parts that are. */
export const secretFields = /(^|\.)(url|connectionString|token)$/;
