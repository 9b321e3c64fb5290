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

it("the update of a resource makes reads of it stale, and of what was subscribed that holds it", () => {
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

it("without its subscription, all it told of is stale", () => {
  const filter = { toolsListChanged: true, promptsListChanged: false, resourceSubscriptions: [] };
  expect(staleWithout(filter)).toEqual([{ method: "tools/list" }, { method: "resources/read" }]);
  expect(staleWithout({})).toEqual([]);
});
