// How many cores a VM size has, read from its name, as quota is counted in cores.

/** The old D series counts in powers of two instead of naming its cores. */
const OLD_D_SERIES: Readonly<Record<string, number>> = {
  "1": 1,
  "2": 2,
  "3": 4,
  "4": 8,
  "5": 16,
  "11": 2,
  "12": 4,
  "13": 8,
  "14": 16,
  "15": 20,
};

/**
 * Cores of an Azure VM size (`Standard_DS3_v2` → 4, `Standard_F4s_v2` → 4, `Standard_NC24ads_A100_v4` → 24); undefined
 * when the name is not of the form that Azure uses.
 */
export function coresOf(size: string): number | undefined {
  const match = /^Standard_([A-Z]+)(\d+)(?:-(\d+))?([a-z]*)(?:_.+)?$/i.exec(size);
  if (!match) return undefined;
  const [, family, digits, constrained] = match;
  if (constrained) return Number(constrained);
  const old = /^DS?$/i.test(family!) && /^Standard_DS?\d+(_v2)?$/i.test(size) ? OLD_D_SERIES[digits!] : undefined;
  return old ?? Number(digits);
}
