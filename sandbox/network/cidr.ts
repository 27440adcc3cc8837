// Address ranges (IPv4, CIDR) of networks and subnets: which lie in which, which overlap, which address is the n-th.

/** First and last address as numbers; undefined for what is no IPv4 range, or has bits set beyond its length. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

export function rangeOf(cidr: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (!match) return undefined;
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number];
  if ([a, b, c, d].some((part) => part > 255) || bits > 32) return undefined;
  const first = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  const size = 2 ** (32 - bits);
  return first % size === 0 ? { first, last: first + size - 1 } : undefined;
}

export const contains = (outer: Range, inner: Range): boolean => outer.first <= inner.first && inner.last <= outer.last;

export const overlap = (one: Range, other: Range): boolean => one.first <= other.last && other.first <= one.last;

/** The n-th address of a range, in dotted form; Azure keeps the first four (0 to 3) and the last of each subnet. */
export function addressOf({ first }: Range, n: number): string {
  const address = first + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
