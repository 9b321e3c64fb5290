import { StoreUnavailableError } from "lutra/stores";
import { expect, it } from "vitest";
import { toStoreError } from "./connection.ts";

it.each(["EPIPE", "ECONNRESET", "ETIMEDOUT", "57P01", "57P03", "53300", "08006", "40001"])(
  "the code %s is that of a store that is unavailable",
  (code) => {
    const error = Object.assign(new Error("failed"), { code });
    expect(toStoreError(error)).toBeInstanceOf(StoreUnavailableError);
  },
);

it.each(["23505", "42P01", "22P02", "ERR_INVALID_ARG_TYPE"])(
  "the code %s is not that of a store that is unavailable",
  (code) => {
    const error = Object.assign(new Error("failed"), { code });
    expect(toStoreError(error)).toBe(error);
  },
);
