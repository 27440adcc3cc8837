// Durations in ISO 8601, as Python's isodate writes them; zero and nothing are left out, as the SDK does.
import { Float } from "../yaml/value.ts";

type Amount = number | bigint | Float | string | null | undefined;

/** "PT1M30S" for 90 seconds; null for zero and for nothing. A `${{…}}` binding stays as it is. */
export function isoSeconds(amount: Amount, unit = 1): string | null {
  if (typeof amount === "string") return amount;
  const value = amount instanceof Float ? amount.value : Number(amount ?? 0);
  if (!value) return null;
  const micros = Math.round(Math.abs(value) * unit * 1_000_000);
  const seconds = Math.floor(micros / 1_000_000);
  const rest = micros % 1_000_000;
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  const last = rest ? `${seconds % 60}.${String(rest).padStart(6, "0")}`.replace(/0+$/, "") : `${seconds % 60}`;
  const time = `${hours ? `${hours}H` : ""}${minutes ? `${minutes}M` : ""}${seconds % 60 || rest ? `${last}S` : ""}`;
  return `${value < 0 ? "-" : ""}P${days ? `${days}D` : ""}${time ? `T${time}` : ""}`;
}

export const isoMillis = (amount: Amount): string | null => isoSeconds(amount, 0.001);
export const isoMinutes = (amount: Amount): string | null => isoSeconds(amount, 60);
export const isoDays = (amount: Amount): string | null => isoSeconds(amount, 86_400);
