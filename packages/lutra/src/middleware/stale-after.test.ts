import { expect, it } from "vitest";
import { staleAfter, staleWithout } from "./stale-after.ts";

const updated = "notifications/resources/updated";

it.each([
  ["notifications/tools/list_changed", ["tools/list"]],
  ["notifications/prompts/list_changed", ["prompts/list"]],
  ["notifications/resources/list_changed", ["resources/list", "resources/templates/list"]],
  ["notifications/message", []],
  ["notifications/progress", []],
])("%s makes stale: %s", (method, methods) => {
  expect(staleAfter({ method }).map((stale) => stale.method)).toEqual(methods);
});

it("the update of a resource makes reads of it and of subscribed containers stale", () => {
  const filter = { resourceSubscriptions: ["file:///dir", "file:///dir/a", "file:///other"] };
  const stale = staleAfter({ method: updated, params: { uri: "file:///dir/a" } }, filter);
  expect(stale.map(({ method, params }) => [method, params])).toEqual([
    ["resources/read", '{"uri":"file:///dir/a"}'],
    ["resources/read", '{"uri":"file:///dir"}'],
  ]);
});

it("an update without a URI makes nothing stale", () => {
  expect(staleAfter({ method: updated, params: { uri: 5 } })).toEqual([]);
});

it("the end of a subscription makes everything in its filter stale", () => {
  const filter = { toolsListChanged: true, promptsListChanged: false, resourceSubscriptions: [] };
  expect(staleWithout(filter)).toEqual([{ method: "tools/list" }, { method: "resources/read" }]);
  expect(staleWithout({})).toEqual([]);
});
