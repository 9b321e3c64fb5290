import { expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

it.each([
  ["server.sendLoggingMessage({ level, data });", "official-v1", "sendLoggingMessage"],
  ["client.setLoggingLevel(level);", "official-v1", "setLoggingLevel"],
  ["on(sdk.SetLevelRequestSchema, run);", "official-v1", "SetLevelRequestSchema"],
  [
    "on(sdk.LoggingMessageNotificationSchema, run);",
    "official-v1",
    "LoggingMessageNotificationSchema",
  ],
  [`send({ method: "logging/setLevel" });`, "official-v2", "logging/setLevel"],
  ["server.addTool({ execute: (args, { log }) => log.info(1) });", "fastmcp", "info"],
] as const)("the rule logging finds %s", (source, sdk, found) => {
  expect(placesOf("logging", source, sdk)).toEqual([`1: ${found}`]);
});

it("the rule logging ignores a log of the program", () => {
  expect(placesOf("logging", "log.info(1);")).toEqual([]);
});
