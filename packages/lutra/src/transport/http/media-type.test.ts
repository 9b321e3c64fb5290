import { expect, it } from "vitest";
import { isEventStream, isJSON } from "./media-type.ts";

it.each([
  ["application/json", true],
  ["Application/JSON; charset=utf-8", true],
  ["application/json ;charset=utf-8", true],
  ["application/json-seq", false],
  ["application/jsonp", false],
  ["text/json", false],
  ["text/plain; type=application/json", false],
  ["", false],
  [null, false],
  [undefined, false],
])("recognises JSON in Content-Type %s: %s", (contentType, expected) => {
  expect(isJSON(contentType)).toBe(expected);
});

it.each([
  ["text/event-stream", true],
  ["TEXT/EVENT-STREAM;charset=utf-8", true],
  ["text/event-streams", false],
  ["application/json", false],
  [undefined, false],
])("recognises an event stream in Content-Type %s: %s", (contentType, expected) => {
  expect(isEventStream(contentType)).toBe(expected);
});
