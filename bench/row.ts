/** A row of the table. */
import { median } from "./statistics.ts";

export interface Row {
  readonly what: string;
  /** The figure of the row, as text. */
  readonly value: string;
  /** The underlying figures, as text. */
  readonly medians: string;
  readonly spread: string;
  readonly target: string;
  readonly verdict: "pass" | "MISS" | "";
}

export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface RowInit {
  readonly what: string;
  /** One value per round, or a single value. */
  readonly values: readonly number[];
  readonly medians: string;
  readonly unit?: string;
  readonly target?: Target;
}

/** Creates a row from the values of all rounds; a row without a target is informative. */
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

/** Creates a row for a measurement that was not possible. */
export function missing(what: string, why: string): Row {
  return { what, value: "-", medians: why, spread: "", target: "", verdict: "" };
}

/** Rounds to three digits, more than the precision of the measurements. */
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
