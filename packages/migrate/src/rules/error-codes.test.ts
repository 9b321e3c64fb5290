import { expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

it.each([
  ["resource-not-found", "reply({ code: -32002 });", "-32002"],
  ["resource-not-found", "throw error(sdk.ErrorCode.ResourceNotFound);", "ResourceNotFound"],
  ["resource-not-found", "throw new sdk.ResourceNotFoundError(uri);", "ResourceNotFoundError"],
  ["url-elicitation-required", "if (error.code === -32042) open();", "-32042"],
  [
    "url-elicitation-required",
    "new sdk.UrlElicitationRequiredError([]);",
    "UrlElicitationRequiredError",
  ],
  ["url-elicitation-required", "sdk.ErrorCode.UrlElicitationRequired;", "UrlElicitationRequired"],
  ["reserved-code", "reply({ code: -32000 });", "-32000"],
  ["reserved-code", "reply({ code: -32029 });", "-32029"],
])("the rule %s finds %s", (rule, source, found) => {
  expect(placesOf(rule, source)).toEqual([`1: ${found}`]);
});

it("the rule reserved-code ignores the codes of JSON-RPC and of the specification", () => {
  const source = "use([-32700, -32603, -32602, -32601, -32600, -32020, -32021, -32022, -31999]);";
  expect(placesOf("reserved-code", source)).toEqual([]);
});
