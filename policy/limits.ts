// The lists that the rules use: what this team allows. Change them here, in a reviewed commit.

/** Azure regions, by their short names. */
export const regions: readonly string[] = [
  "westeurope",
  "northeurope",
  "swedencentral",
  "germanywestcentral",
  "eastus",
  "eastus2",
  "westus2",
  "westus3",
];

/** VM sizes of compute clusters, instances and deployments, by stack. */
export const sizes: Readonly<Record<string, readonly RegExp[]>> = {
  dev: [/^Standard_(DS[1-4]_v2|D[248]a?s_v[3-5]|E[24]s_v[35]|F[248]s_v2|NC4as_T4_v3)$/i],
  auto: [/^Standard_(DS[1-4]_v2|D[248]a?s_v[3-5]|F[248]s_v2)$/i],
  qa: [/^Standard_(DS[1-4]_v2|D[248]a?s_v[3-5]|F[248]s_v2)$/i],
  prod: [/^Standard_(DS[1-5]_v2|D(2|4|8|16)a?s_v[3-5]|E[248]s_v[35]|F(2|4|8|16)s_v2|NC4as_T4_v3)$/i],
};

/** Longest time that a node in dev may wait for work before it is given back, in seconds. */
export const longestIdleSeconds = 1800;

/** Tags that every resource has that can have tags. */
export const tags: readonly string[] = ["project", "stage", "managedBy"];
