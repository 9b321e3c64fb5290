import { describe, expect, it } from "vitest";
import { parseURL } from "./parse-url.ts";

describe("parseURL", () => {
  it.each([
    ["https://example.org/a?b#c", undefined, "https://example.org/a?b#c"],
    [new URL("https://example.org"), undefined, "https://example.org/"],
    ["../b", "https://example.org/a/c", "https://example.org/b"],
    ["https://caf\u00e9.example/", undefined, "https://xn--caf-dma.example/"],
  ])("parses %s", (value, base, href) => {
    expect(parseURL(value, base)?.href).toBe(href);
  });

  it.each([["/a"], [""], ["https://"], [7], [undefined], [{ href: "https://example.org" }]])(
    "returns undefined for %j",
    (value) => {
      expect(parseURL(value)).toBeUndefined();
    },
  );

  it("parses characters beyond ASCII after optimisation, too", () => {
    const url = "https://inter\u00adnal.example/x";
    for (let count = 0; count < 100_000; count += 1) parseURL("https://a.example/x");
    expect(parseURL(url)?.hostname).toBe("internal.example");
  });
});
