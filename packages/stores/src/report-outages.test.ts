import { StoreUnavailableError } from "lutra/stores";
import { createManualClock } from "lutra/testing";
import { expect, it, vi } from "vitest";
import { reportOutages } from "./report-outages.ts";

it("limits reports of an outage, and reports all other errors at once", () => {
  const clock = createManualClock();
  const onError = vi.fn();
  const report = reportOutages(onError, clock.now);
  const outage = new StoreUnavailableError("postgres", new Error("gone"));
  const other = new Error("a run was rejected");
  for (const error of [outage, outage, other, other]) report(error);
  expect(onError.mock.calls.flat()).toEqual([outage, other, other]);
  clock.advance(10_000);
  report(outage);
  expect(onError).toHaveBeenCalledTimes(4);
});

it("keeps errors of onError from its caller", () => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const report = reportOutages(() => {
    throw new Error("no log");
  });
  report(new Error("a run was rejected"));
  expect(print).toHaveBeenCalledOnce();
  print.mockRestore();
});
