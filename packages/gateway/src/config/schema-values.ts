/** Values that several parts of the configuration have. */
import { maxTimerMs } from "lutra/internal";
import { z } from "zod";

export const ms = (what: string) =>
  z.int().min(1).max(maxTimerMs).describe(`${what}, in milliseconds`);
export const count = (what: string) => z.int().min(1).describe(what);
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, "expected 1 to 32 letters, digits, _ or -");

export const httpUrl = z.url({ protocol: /^https?$/, error: "expected an http or https URL" });
/** What HTTP allows in the name of a header, and in the part of one that stands for a parameter. */
export const token = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected the name of a header");
export const headerValue = z
  .string()
  .regex(/^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/, "expected printable ASCII");

/** For editors: exactly one of these keys. The check itself is a refinement. */
export const exactlyOne = (...keys: readonly string[]) => ({
  oneOf: keys.map((key) => ({ required: [key] })),
});
