import { describe, expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

describe("the rule session-id", () => {
  it.each([
    [`request.headers["mcp-session-id"];`, "mcp-session-id"],
    [`response.setHeader("Mcp-Session-Id", id);`, "Mcp-Session-Id"],
    ["new Transport({ sessionIdGenerator: () => id });", "sessionIdGenerator"],
    ["new Transport({ onsessioninitialized(id) {} });", "onsessioninitialized"],
    ["const { sessionId } = extra;", "sessionId"],
    ["log(extra?.sessionId);", "sessionId"],
    ["await transport.terminateSession();", "terminateSession"],
  ])("finds %s", (source, found) => {
    expect(placesOf("session-id", source)).toEqual([`1: ${found}`]);
  });

  it("ignores a transport without sessions", () => {
    const source = "new Transport({ sessionIdGenerator: undefined });";
    expect(placesOf("session-id", source)).toEqual([]);
  });

  it("ignores a parameter and a sentence that have the name", () => {
    const source = `function end(sessionId) { log("the mcp-session-id is missing"); }`;
    expect(placesOf("session-id", source)).toEqual([]);
  });
});

describe("the rule session-map", () => {
  it("finds a container at its declaration", () => {
    const source = `const all = new Map();\nfunction end(sessionId) {\n  all.delete(sessionId);\n}`;
    expect(placesOf("session-map", source)).toEqual(["1: all"]);
  });

  it("finds an object with the key of a transport", () => {
    const source = `function main() {
      const open: { [sessionId: string]: Transport } = {};
      open[transport.sessionId] = transport;
      return open[(request.headers.id as string)];
    }`;
    expect(placesOf("session-map", source)).toEqual(["2: open"]);
  });

  it.each([
    "all.find((each) => each.sessionId === request.query.sessionId)",
    "all.some(({ sessionId }) => sessionId === id)",
  ])("finds a list that is searched: %s", (search) => {
    const source = `const all = [];\nfunction find(request) { return ${search}; }`;
    expect(placesOf("session-map", source)).toEqual(["1: all"]);
  });

  it("finds a private field", () => {
    const source = `class Sessions {\n  #all = new Map();\n  end(sid) { this.#all.delete(sid); }\n}`;
    expect(placesOf("session-map", source)).toEqual(["2: this.#all"]);
  });

  it("ignores maps with other keys, and headers", () => {
    const source = "const all = new Map();\nall.get(taskId);\nrequest.headers.get(sessionId);";
    expect(placesOf("session-map", source)).toEqual([]);
  });
});

describe("the rule initialize", () => {
  it.each([
    ["sdk.isInitializeRequest(body);", "isInitializeRequest"],
    ["server.setRequestHandler(sdk.InitializeRequestSchema, run);", "InitializeRequestSchema"],
    ["on(sdk.InitializedNotificationSchema, run);", "InitializedNotificationSchema"],
    ["server.server.oninitialized = () => {};", "oninitialized"],
    ["server.server.getClientCapabilities();", "getClientCapabilities"],
    ["server.server.getClientVersion();", "getClientVersion"],
    [`send({ method: "notifications/initialized" });`, "notifications/initialized"],
  ])("finds %s", (source, found) => {
    expect(placesOf("initialize", source)).toEqual([`1: ${found}`]);
  });
});

describe("the rule ping", () => {
  it.each([
    ["await client.ping();", "official-v1", "ping"],
    ["server.setRequestHandler(sdk.PingRequestSchema, run);", "official-v1", "PingRequestSchema"],
    ["new sdk.FastMCP({ ping: { enabled: true } });", "fastmcp", "ping"],
  ] as const)("finds %s", (source, sdk, found) => {
    expect(placesOf("ping", source, sdk)).toEqual([`1: ${found}`]);
  });

  it("ignores pings of other objects", () => {
    expect(placesOf("ping", "database.ping();")).toEqual([]);
  });
});
