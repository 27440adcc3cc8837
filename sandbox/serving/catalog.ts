// The VM sizes that the sandbox's regions offer: family, cores and memory, and what Azure ML runs on them ("MIR": managed endpoints).
// https://learn.microsoft.com/rest/api/azureml/virtual-machine-sizes/list (2024-10-01)
import { coresOf } from "./sizes.ts";

interface Family {
  /** As Azure ML's quota names it. */
  readonly label: string;
  /** Size → memory in GB. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly gpus?: number;
  /** Only in these regions; default: everywhere. */
  readonly regions?: readonly string[];
}

const everything = ["AmlCompute", "ComputeInstance", "MIR"] as const;
/** Too small for the inference server that Azure puts beside a model. */
const noEndpoint: readonly string[] = ["Standard_DS1_v2"];

const families: Readonly<Record<string, Family>> = {
  standardDSv2Family: {
    label: "Standard DSv2",
    sizes: { Standard_DS1_v2: 3.5, Standard_DS2_v2: 7, Standard_DS3_v2: 14, Standard_DS4_v2: 28, Standard_DS5_v2: 56 },
  },
  standardDSv3Family: {
    label: "Standard DSv3",
    sizes: { Standard_D2s_v3: 8, Standard_D4s_v3: 16, Standard_D8s_v3: 32, Standard_D16s_v3: 64 },
  },
  standardDASv4Family: { label: "Standard DASv4", sizes: { Standard_D2as_v4: 8, Standard_D4as_v4: 16, Standard_D8as_v4: 32 } },
  standardDSv5Family: { label: "Standard DSv5", sizes: { Standard_D2s_v5: 8, Standard_D4s_v5: 16, Standard_D8s_v5: 32 } },
  standardESv3Family: { label: "Standard ESv3", sizes: { Standard_E2s_v3: 16, Standard_E4s_v3: 32, Standard_E8s_v3: 64 } },
  standardFSv2Family: {
    label: "Standard FSv2",
    sizes: { Standard_F2s_v2: 4, Standard_F4s_v2: 8, Standard_F8s_v2: 16, Standard_F16s_v2: 32 },
  },
  standardNCASv3_T4Family: {
    label: "Standard NCASv3_T4",
    sizes: { Standard_NC4as_T4_v3: 28, Standard_NC8as_T4_v3: 56 },
    gpus: 1,
    regions: ["westeurope", "northeurope", "eastus", "eastus2", "westus2", "westus3", "swedencentral"],
  },
  standardNCADSA100v4Family: {
    label: "Standard NCADSA100v4",
    sizes: { Standard_NC24ads_A100_v4: 220 },
    gpus: 1,
    regions: ["westeurope", "eastus", "westus3"],
  },
};

/** `standardDSv2Family`; undefined for a size that is in no family here. */
export function familyOf(size: string): string | undefined {
  const wanted = size.toLowerCase();
  return Object.entries(families).find(([, { sizes }]) => Object.keys(sizes).some((one) => one.toLowerCase() === wanted))?.[0];
}

/** Family → the name of its quota. */
export const familyLabels: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(families).map(([name, { label }]) => [name, `${label} Family Cluster Dedicated vCPUs`]),
);

/** What `GET …/locations/{l}/vmSizes` lists. */
export function sizesIn(location: string): object[] {
  const here = Object.entries(families).filter(([, { regions }]) => regions === undefined || regions.includes(location.toLowerCase()));
  return here.flatMap(([family, { sizes, gpus = 0 }]) =>
    Object.entries(sizes).map(([name, memoryGB]) => ({
      name,
      family,
      vCPUs: coresOf(name),
      gpus,
      osVhdSizeMB: 1_047_552,
      maxResourceVolumeMB: memoryGB * 2048,
      memoryGB,
      lowPriorityCapable: true,
      premiumIO: true,
      supportedComputeTypes: noEndpoint.includes(name) ? everything.slice(0, 2) : everything,
    })),
  );
}
