import { expect, it } from "vitest";
import { isGatewayFailure } from "./response-verdict.ts";

it.each([
  [200, "application/json", false],
  [404, "text/html", false],
  [500, "text/html", false],
  [502, "text/html", true],
  [503, undefined, true],
  [504, "text/plain", true],
  [503, "application/json", false],
  [502, "application/json; charset=utf-8", false],
  [503, "application/jsonp", true],
])("a response with status %i and %s is the fault of its replica: %s", (status, type, expected) => {
  expect(isGatewayFailure(status, type)).toBe(expected);
});
