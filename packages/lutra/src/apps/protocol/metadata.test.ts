import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { domainCovers, domainIncludes, isDomain } from "./domains.ts";
import { readAppResourceMeta } from "./resource-meta.ts";
import { isVisibleTo, readAppToolMeta } from "./tool-meta.ts";

describe("the metadata of a tool", () => {
  it("the nested URI takes precedence over the deprecated flat key", () => {
    const flat = { "ui/resourceUri": "ui://flat" };
    expect(readAppToolMeta({ _meta: flat })).toEqual({ resourceUri: "ui://flat" });
    const both = { ui: { resourceUri: "ui://nested" }, ...flat };
    expect(readAppToolMeta({ _meta: both })).toEqual({ resourceUri: "ui://nested" });
  });

  it("a URI of another scheme is ignored", () => {
    expect(readAppToolMeta({ _meta: { ui: { resourceUri: "https://a.example" } } })).toEqual({});
    expect(readAppToolMeta({ _meta: { ui: { resourceUri: 1 } } })).toEqual({});
  });

  it("a tool is visible to model and app unless it says otherwise", () => {
    expect(isVisibleTo({}, "model")).toBe(true);
    expect(isVisibleTo({ _meta: { ui: {} } }, "app")).toBe(true);
    const appOnly = { _meta: { ui: { visibility: ["app"] } } };
    expect(isVisibleTo(appOnly, "model")).toBe(false);
    expect(isVisibleTo(appOnly, "app")).toBe(true);
    expect(isVisibleTo({ _meta: { ui: { visibility: [] } } }, "model")).toBe(false);
    expect(isVisibleTo({ _meta: { ui: { visibility: ["robot"] } } }, "app")).toBe(false);
  });
});

describe("the metadata of a page", () => {
  it("contents take precedence over the entry of a list, without merging", () => {
    const contents = { _meta: { ui: { prefersBorder: true } } };
    const listed = { _meta: { ui: { csp: { connectDomains: ["https://a.example"] } } } };
    expect(readAppResourceMeta(contents, listed)).toEqual({ prefersBorder: true });
    expect(readAppResourceMeta({}, listed)).toEqual(listed._meta.ui);
  });

  it("members of another type are left out", () => {
    const ui = {
      csp: { connectDomains: ["https://a.example", 1], frameDomains: "https://b.example" },
      permissions: { camera: {}, microphone: true, usb: {} },
      domain: 1,
      prefersBorder: "yes",
    };
    expect(readAppResourceMeta({ _meta: { ui } })).toEqual({
      csp: { connectDomains: ["https://a.example"] },
      permissions: { camera: {} },
    });
  });
});

describe("domains", () => {
  it.each([
    "https://a.example",
    "http://localhost:3000",
    "https://*.a.example",
    "wss://a.example:443",
    "http://127.0.0.1:*",
    "http://[::1]:8080",
    "https://a.example/lib/",
  ])("accepts %s", (domain) => {
    expect(isDomain(domain)).toBe(true);
  });

  it.each([
    "",
    "*",
    "https:",
    "https://*",
    "a.example",
    "data:",
    "blob:",
    "'self'",
    "'unsafe-eval'",
    "javascript://a.example",
    "https://a.example; frame-src *",
    "https://a.example, https://b.example",
    "https://a.example https://b.example",
    "https://a.example\nframe-src *",
    "https://a.example/'x'",
    "https://user@a.example",
    "https://a.*.example",
    "https://-a.example",
    `https://${"a".repeat(600)}.example`,
    1,
  ])("rejects %j", (domain) => {
    expect(isDomain(domain)).toBe(false);
  });

  it("an accepted domain is one source of one directive, whatever its text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (rest) => {
        const domain = `https://a.example${rest}`;
        fc.pre(isDomain(domain));
        expect(domain).not.toMatch(/[\s;,'"\\]/);
      }),
    );
  });

  it.each([
    ["https://a.example", "https://a.example/x.js", true],
    ["https://a.example", "https://a.example:443/", true],
    ["https://a.example", "https://a.example:8443/", false],
    ["https://a.example", "http://a.example/", false],
    ["http://a.example", "https://a.example/", true],
    ["https://a.example", "https://b.a.example/", false],
    ["https://*.a.example", "https://b.a.example/", true],
    ["https://*.a.example", "https://a.example/", false],
    ["https://a.example:*", "https://a.example:8443/", true],
    ["https://a.example/lib/", "https://a.example/lib/x.js", true],
    ["https://a.example/lib/", "https://a.example/other.js", false],
    ["https://a.example/x.js", "https://a.example/x.js", true],
    ["wss://a.example", "wss://a.example/feed", true],
    ["https://A.example", "https://a.EXAMPLE/", true],
    ["https://a.example; x", "https://a.example/", false],
    ["https://a.example", "not a URL", false],
  ])("%s covers %s: %s", (domain, url, expected) => {
    expect(domainCovers(domain, url)).toBe(expected);
  });

  it.each([
    ["https://a.example", "https://a.example", true],
    ["https://*.example", "https://a.example", true],
    ["https://*.example", "https://*.a.example", true],
    ["https://*.a.example", "https://*.example", false],
    ["https://a.example", "https://*.a.example", false],
    ["https://a.example", "https://a.example/lib/", true],
    ["https://a.example/lib/", "https://a.example", false],
    ["https://a.example:*", "https://a.example:8443", true],
    ["https://a.example", "https://a.example:*", false],
    ["https://a.example", "https://b.example", false],
  ])("%s includes %s: %s", (wider, narrower, expected) => {
    expect(domainIncludes(wider, narrower)).toBe(expected);
  });
});
