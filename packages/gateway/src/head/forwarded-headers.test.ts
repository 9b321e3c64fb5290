import { describe, expect, it } from "vitest";
import { headVia } from "../fixtures/head-of.ts";

const proxies = ["10.0.0.0/8", "fd00::/8", "198.51.100.7"];

/** Returns the headers for the upstream, by name. */
function passed(peer: string | undefined, ...sent: string[]): Record<string, string> {
  const { headers } = headVia(peer, proxies, "Host", "mcp.example", ...sent);
  const entries: [string, string][] = [];
  for (let index = 0; index < headers.length; index += 2) {
    entries.push([headers[index] as string, headers[index + 1] as string]);
  }
  expect(new Set(entries.map(([name]) => name)).size).toBe(entries.length);
  return Object.fromEntries(entries);
}

const madeUp = [
  ...["X-Forwarded-For", "203.0.113.9", "x-forwarded-proto", "https"],
  ...["X-Forwarded-Host", "evil.example", "X-Forwarded-Prefix", "/admin"],
  ...["Forwarded", "for=203.0.113.9", "X-Real-IP", "203.0.113.9"],
];

describe("a request from an untrusted peer", () => {
  it("has its forwarded headers replaced", () => {
    expect(passed("192.0.2.1", ...madeUp, "X-Own", "1")).toEqual({
      "x-own": "1",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "mcp.example",
      "x-real-ip": "192.0.2.1",
    });
  });

  it("has the address of the peer as its client address", () => {
    expect(headVia("192.0.2.1", proxies, ...madeUp).address).toBe("192.0.2.1");
  });

  it("keeps a forwarded header that it names in Connection", () => {
    const named = ["Connection", "x-forwarded-for, x-forwarded-host, x-own", "x-own", "1"];
    expect(passed("192.0.2.1", ...named)).toMatchObject({ "x-forwarded-for": "192.0.2.1" });
  });
});

describe("a request from a trusted proxy", () => {
  it("keeps its X-Forwarded-For, with the address of the proxy appended", () => {
    expect(passed("10.0.0.1", ...madeUp)).toEqual({
      "x-forwarded-for": "203.0.113.9, 10.0.0.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.example",
      "x-forwarded-prefix": "/admin",
      "x-real-ip": "203.0.113.9",
    });
  });

  it("gets the address that the proxy has appended as X-Real-IP", () => {
    const forged = ["X-Forwarded-For", "203.0.113.9, 192.0.2.1", "X-Real-IP", "203.0.113.9"];
    expect(passed("10.0.0.1", ...forged)).toMatchObject({ "x-real-ip": "192.0.2.1" });
  });

  it("gets the forwarded headers that the proxy did not send", () => {
    expect(passed("10.0.0.1")).toEqual({
      "x-forwarded-for": "10.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "mcp.example",
      "x-real-ip": "10.0.0.1",
    });
  });

  it("has its X-Forwarded-For headers joined", () => {
    const several = ["X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "10.0.0.2"];
    expect(passed("10.0.0.1", ...several)["x-forwarded-for"]).toBe(
      "203.0.113.9, 10.0.0.2, 10.0.0.1",
    );
    expect(headVia("10.0.0.1", proxies, ...several).address).toBe("203.0.113.9");
  });

  it.each([
    ["the entry of the proxy", "203.0.113.9", "203.0.113.9"],
    ["not an entry that the client forged", "198.51.100.1, 203.0.113.9", "203.0.113.9"],
    ["the entry before all trusted proxies", "203.0.113.9, 198.51.100.7,10.9.9.9", "203.0.113.9"],
    ["the first one when all are trusted", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["the proxy itself without X-Forwarded-For", "", "10.0.0.1"],
    ["an entry without its port", "203.0.113.9:4711", "203.0.113.9"],
    ["an IPv6 address", "2001:db8::9", "2001:db8::9"],
    ["an IPv6 address in brackets", "[2001:db8::9]:4711", "2001:db8::9"],
    ["an IPv4 address that was mapped to IPv6", "::ffff:203.0.113.9", "203.0.113.9"],
    ["the entry after one that cannot be read", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"],
    ["the proxy itself if no entry is an address", "<script>", "10.0.0.1"],
  ])("has a client address that is %s: %s", (_what, account, expected) => {
    const sent = account === "" ? [] : ["X-Forwarded-For", account];
    expect(headVia("10.0.0.1", proxies, ...sent).address).toBe(expected);
  });
});

it.each([
  ["10.255.0.1", true],
  ["::ffff:10.0.0.1", true],
  ["fd12::1", true],
  ["198.51.100.7", true],
  ["11.0.0.1", false],
  ["198.51.100.8", false],
  ["fe80::1%eth0", false],
  [undefined, false],
])("the configured ranges trust %s: %s", (peer, isTrusted) => {
  const { address } = headVia(peer, proxies, "X-Forwarded-For", "203.0.113.9");
  expect(address === "203.0.113.9").toBe(isTrusted);
});

it("no address is added for a closed connection", () => {
  expect(passed(undefined)).toEqual({
    "x-forwarded-proto": "http",
    "x-forwarded-host": "mcp.example",
  });
});
