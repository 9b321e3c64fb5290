/** The keyword `multipleOf`. */
import type { Validation } from "./validation.ts";

/** Returns true for a multiple of a decimal number. Binary fractions would be inexact. */
export function isMultipleOf(value: number, factor: number, run: Validation): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(factor)) return value % factor === 0;
  if (!Number.isFinite(value)) return false;
  const [digits, exponent] = decimalOf(value);
  const [factorDigits, factorExponent] = decimalOf(factor);
  // The integers have as many digits as the exponents differ.
  run.spend(64 + 2 * Math.abs(exponent - factorExponent));
  const least = Math.min(exponent, factorExponent);
  const scaled = digits * 10n ** BigInt(exponent - least);
  return scaled % (factorDigits * 10n ** BigInt(factorExponent - least)) === 0n;
}

/** Returns the digits of a number and its exponent to the base of 10. */
function decimalOf(value: number): readonly [digits: bigint, exponent: number] {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}
