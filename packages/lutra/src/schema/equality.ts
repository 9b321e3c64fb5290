/** Equality of JSON values, by texts that are equal for equal values. */
import { isObject } from "../protocol/json.ts";
import type { Validation } from "./validation.ts";

/**
 * Returns a text that a value has in common with all equal values, whatever the order of members.
 * It never begins with a digit, because the hashes of such texts can be predicted in some runtimes.
 */
export function keyOf(value: unknown, run: Pick<Validation, "spend">): string {
  if (typeof value !== "string") return textOf(value, run);
  run.spend(16 + (value.length >> 3));
  // No other text begins like this, and a long one need not be escaped.
  return `"${value}`;
}

function textOf(value: unknown, run: Pick<Validation, "spend">): string {
  run.spend(16);
  if (typeof value === "string") {
    run.spend(value.length >> 3);
    return JSON.stringify(value);
  }
  if (typeof value === "number") return `#${value}`;
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, run)).join()}]`;
  if (!isObject(value)) return String(value);
  const names = Object.keys(value).sort();
  run.spend(names.length * 32);
  return `{${names.map((name) => `${textOf(name, run)}:${textOf(value[name], run)}`).join()}}`;
}
