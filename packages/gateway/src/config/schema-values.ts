/** Schemas of values that several parts of the configuration share. */
import { maxTimerMs, parseURL } from "lutra/internal";
import { z } from "zod";

export const ms = (what: string) =>
  z.int().min(1).max(maxTimerMs).describe(`${what}, in milliseconds`);
export const count = (what: string) => z.int().min(1).describe(what);
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/,
    "expected 1 to 32 letters, digits, _ or -, beginning with a letter or digit",
  );

export const storeUrl = z
  .string()
  .regex(
    /^(?:memory:$|sqlite:.|postgres(?:ql)?:\/\/.)/,
    "expected memory:, sqlite:./state.db or postgres://user:password@host/database",
  );

/** One pattern or several. An empty list would match nothing. */
export const patterns = z.union([z.string(), z.array(z.string()).min(1)]);

/** The URL of an event bus. */
export const busUrl = z
  .string()
  .regex(
    /^(?:rediss?|postgres(?:ql)?):\/\/./,
    "expected redis://host:6379 or postgres://user:password@host/database",
  );

export const httpUrl = z
  .url({ protocol: /^https?$/, error: "expected an http or https URL" })
  .refine((text) => !hasPart(text, "username") && !hasPart(text, "password"), {
    error: "expected a URL without user and password, which are not sent; use headers",
  })
  .refine((text) => !hasPart(text, "hash"), {
    error: "expected a URL without a fragment, which is not sent",
  });

function hasPart(text: string, part: "username" | "password" | "hash"): boolean {
  return (parseURL(text)?.[part] ?? "") !== "";
}

/** The characters that HTTP allows in a header name. */
export const token = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected a valid header name");
export const headerValue = z
  .string()
  .regex(/^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/, "expected printable ASCII");

/** JSON Schema for editors: exactly one of these keys is required. The check is a refinement. */
export const exactlyOne = (...keys: readonly string[]) => ({
  oneOf: keys.map((key) => ({ required: [key] })),
});
