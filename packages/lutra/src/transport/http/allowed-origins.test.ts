import { expect, it } from "vitest";
import { createServer } from "../../server/create-server.ts";
import { problemWithOrigin } from "./allowed-origins.ts";
import { createNodeHandler } from "./node-handler.ts";

it.each([
  "https://app.example.com",
  "http://app.example.com:8080",
  "https://[2001:db8::1]:8443",
  "chrome-extension://abcdefghijklmnop",
])("accepts the origin %s", (origin) => {
  expect(problemWithOrigin(origin)).toBeUndefined();
});

it.each([
  ["https://app.example.com/", "https://app.example.com"],
  ["https://app.example.com/chat?x=1", "https://app.example.com"],
  ["https://APP.example.com", "https://app.example.com"],
  ["HTTPS://app.example.com", "https://app.example.com"],
  ["https://app.example.com:443", "https://app.example.com"],
  ["app.example.com", "https://app.example.com"],
  ["*", "https://app.example.com"],
  ["null", "https://app.example.com"],
  [7, "https://app.example.com"],
])("refuses %j, which no browser sends, and names %s", (entry, example) => {
  expect(problemWithOrigin(entry)).toBe(
    `expected an origin as browsers send it, without a path, such as ${example}`,
  );
});

it("names the entry in the options of a handler", () => {
  const server = createServer({ name: "test", version: "1" });
  const allowedOrigins = ["https://a.example", "https://b.example/"];
  expect(() => createNodeHandler(server, { allowedOrigins })).toThrow(
    /^allowedOrigins\[1\]: expected an origin .* such as https:\/\/b\.example$/,
  );
});
