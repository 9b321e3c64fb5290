import { describe, expect, it } from "vitest";
import { isSafeIconSource, requireSafeIcons, withSafeIcons } from "./icons.ts";

describe("basic/index#icons", () => {
  it.each([
    ["https://example.com/icon.png", true],
    ["HTTPS://example.com/icon.png", true],
    ["data:image/png;base64,iVBORw0KGgo=", true],
    ["data:image/svg+xml,%3Csvg/%3E", true],
    ["http://example.com/icon.png", false],
    ["javascript:alert(1)", false],
    ["file:///etc/passwd", false],
    ["ftp://example.com/icon.png", false],
    ["ws://example.com/icon.png", false],
    ["myapp://icon", false],
    ["data:text/html,<script>", false],
    ["data:,image/png", false],
    [" https://example.com/icon.png", false],
    ["https:example.com", false],
    ["//example.com/icon.png", false],
    ["", false],
  ])("the icon URI is either a HTTPS or data: URI: %s %s", (src, expected) => {
    expect(isSafeIconSource(src)).toBe(expected);
  });

  it("a definition with an unsafe icon is a TypeError that names it", () => {
    expect(() => requireSafeIcons("tool t", [{ src: "file:///a.png" }])).toThrow(
      "tool t: icons: file:///a.png: expected",
    );
    expect(() => requireSafeIcons("tool t", [{ src: "https://example.com/a" }])).not.toThrow();
    expect(() => requireSafeIcons("tool t", undefined)).not.toThrow();
  });

  it("an entry keeps its safe icons", () => {
    const safe = { src: "https://example.com/a.png" };
    const entry = { name: "a", icons: [{ src: "javascript:alert(1)" }, safe, null, {}] };
    expect(withSafeIcons(entry)).toEqual({ name: "a", icons: [safe] });
  });

  it.each([
    [{ icons: [{ src: "https://example.com/a" }] }],
    [{ name: "a" }],
    [{ icons: 5 }],
    [null],
  ])("an entry without unsafe icons is unchanged: %j", (entry) => {
    expect(withSafeIcons(entry)).toBe(entry);
  });
});
