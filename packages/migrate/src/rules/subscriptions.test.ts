import { expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

it.each([
  ["subscribe", "on(sdk.SubscribeRequestSchema, run);", "SubscribeRequestSchema"],
  ["subscribe", "on(sdk.UnsubscribeRequestSchema, run);", "UnsubscribeRequestSchema"],
  ["subscribe", "client.subscribeResource({ uri });", "subscribeResource"],
  ["subscribe", `server.setRequestHandler("resources/subscribe", run);`, "resources/subscribe"],
  ["changes", "server.sendToolListChanged();", "sendToolListChanged"],
  ["changes", "server.server.sendResourceUpdated({ uri });", "sendResourceUpdated"],
  [
    "changes",
    `send({ method: "notifications/resources/updated" });`,
    "notifications/resources/updated",
  ],
  ["resumption", "new Transport({ eventStore });", "eventStore"],
  ["resumption", `request.headers["last-event-id"];`, "last-event-id"],
  ["resumption", "store.replayEventsAfter(id, send);", "replayEventsAfter"],
  ["resumption", "client.callTool(call, schema, { resumptionToken });", "resumptionToken"],
])("the rule %s finds %s", (rule, source, found) => {
  expect(placesOf(rule, source)).toEqual([`1: ${found}`]);
});

it("the rule subscribe ignores subscriptions of other kinds", () => {
  expect(placesOf("subscribe", "events.subscribe(listener);")).toEqual([]);
});
