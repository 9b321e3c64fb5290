import { describe, expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

describe("requests of the server", () => {
  it.each([
    ["elicitation", "await server.server.elicitInput(form);", "elicitInput"],
    ["elicitation", "await ctx.mcpReq.elicitInput(form);", "elicitInput"],
    ["elicitation", `extra.sendRequest({ method: "elicitation/create" });`, "elicitation/create"],
    [
      "elicitation",
      "x.createElicitationCompletionNotifier(id);",
      "createElicitationCompletionNotifier",
    ],
    ["sampling", "await server.server.createMessage(params);", "createMessage"],
    ["sampling", "await ctx.mcpReq.requestSampling(params);", "requestSampling"],
    [
      "sampling",
      "client.setRequestHandler(sdk.CreateMessageRequestSchema, run);",
      "CreateMessageRequestSchema",
    ],
    ["roots", "await server.server.listRoots();", "listRoots"],
    [
      "sampling",
      `extra.sendRequest({ method: "sampling/createMessage" });`,
      "sampling/createMessage",
    ],
    [
      "roots",
      "client.setRequestHandler(sdk.ListRootsRequestSchema, run);",
      "ListRootsRequestSchema",
    ],
    ["roots", `extra.sendRequest({ method: "roots/list" });`, "roots/list"],
    ["roots", "client.sendRootsListChanged();", "sendRootsListChanged"],
    [
      "roots",
      "on(sdk.RootsListChangedNotificationSchema, run);",
      "RootsListChangedNotificationSchema",
    ],
    ["server-message", "server.server.notification({ method });", "notification"],
    ["server-message", `send({ method: "notifications/message" });`, "notifications/message"],
    [
      "progress",
      `extra.sendNotification({ method: "notifications/progress" });`,
      "notifications/progress",
    ],
  ])("are found by the rule %s in %s", (rule, source, found) => {
    expect(placesOf(rule, source)).toEqual([`1: ${found}`]);
  });

  it.each([
    ["elicitation", "server.addTool({ execute: (args, { elicit }) => 1 });", "elicit"],
    ["elicitation", "const answer = await elicit(form);", "elicit"],
    ["progress", "server.addTool({ execute: (args, { reportProgress }) => 1 });", "reportProgress"],
    ["progress", "await reportProgress({ progress: 1 });", "reportProgress"],
    ["roots", "use(session.roots);", "roots"],
    ["sampling", "session.requestSampling(params);", "requestSampling"],
  ])("of FastMCP are found by the rule %s in %s", (rule, source, found) => {
    expect(placesOf(rule, source, "fastmcp")).toEqual([`1: ${found}`]);
  });

  it("are not found in names that only FastMCP uses", () => {
    expect(placesOf("elicitation", "const { elicit } = context;")).toEqual([]);
  });
});
