/** One line of the table. */
import { median } from "./statistics.ts";

export interface Row {
  readonly what: string;
  /** The figure that the line is about, as text. */
  readonly value: string;
  /** The figures behind it, as text. */
  readonly medians: string;
  readonly spread: string;
  readonly target: string;
  readonly verdict: "pass" | "MISS" | "";
}

export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface RowInit {
  readonly what: string;
  /** One value per round, or one that was measured once. */
  readonly values: readonly number[];
  readonly medians: string;
  readonly unit?: string;
  readonly target?: Target;
}

/** Makes a line from the values of all rounds; without a target it is for information. */
export function row({ what, values, medians, unit = "", target }: RowInit): Row {
  const value = median(values);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return {
    what,
    value: `${significant(value)}${unit}`,
    medians,
    spread: values.length > 1 ? `${significant(least)} to ${significant(most)}` : "",
    target: target ? `${describe(target)}${unit}` : "",
    verdict: target ? (meets(value, target) ? "pass" : "MISS") : "",
  };
}

/** A line for what could not be measured. */
export function missing(what: string, why: string): Row {
  return { what, value: "-", medians: why, spread: "", target: "", verdict: "" };
}

/** Rounds to three digits, which is more than the measurements hold. */
export function significant(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}

function describe(target: Target): string {
  return "atLeast" in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
}

function meets(value: number, target: Target): boolean {
  return "atLeast" in target ? value >= target.atLeast : value <= target.atMost;
}
