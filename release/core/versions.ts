// Order of asset versions: 10 is newer than 9.

/**
 * Negative when `a` is older. Runs of digits compare as numbers of any size, all else as text, so `9 < 10`, `1.9.0 < 1.10.0`; a
 * version that goes on where the other ends is the newer one.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [one, other] = [left[i], right[i]];
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const order = compareParts(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** The newest of some versions; undefined for none. */
export const newestVersion = (versions: readonly string[]): string | undefined => versions.toSorted(compareVersions).at(-1);

const partsOf = (version: string): string[] => version.match(/\d+|[^\d]+/g) ?? [];

function compareParts(a: string, b: string): number {
  const [numberA, numberB] = [/^\d/.test(a), /^\d/.test(b)];
  if (numberA !== numberB) return numberA ? 1 : -1;
  if (!numberA) return a === b ? 0 : a < b ? -1 : 1;
  const [x, y] = [BigInt(a), BigInt(b)];
  return x === y ? 0 : x < y ? -1 : 1;
}
