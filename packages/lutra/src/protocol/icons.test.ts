import { describe, expect, it } from "vitest";
import { isSafeIconSource } from "./icons.ts";

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
});
