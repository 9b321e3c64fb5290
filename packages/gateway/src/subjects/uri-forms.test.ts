import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createUriForms } from "./uri-forms.ts";

const forms = createUriForms(["files", "Files", "my_files", "7up", "a-b"]);

describe("a URI that carries its upstream", () => {
  it.each([
    ["files", "file:///a", "files+file:///a"],
    ["files", "ui://board", "ui://files/board"],
    ["files", "ui://board/x?y#z", "ui://files/board/x?y#z"],
    ["files", "files+file:///a", "files+files+file:///a"],
    ["a-b", "ui://files/board", "ui://a-b/files/board"],
    ["files", "git+ssh://host/x", "files+git+ssh://host/x"],
    ["files", "file:///{+path}", "files+file:///{+path}"],
  ])("carries the upstream %s in %s as %s", (upstream, uri, carried) => {
    expect(forms.carry(upstream, uri)).toBe(carried);
    expect(forms.read(carried)).toEqual({ upstream, uri });
  });

  it.each(["files", "Files", "my_files", "7up", "a-b"])(
    "begins with a valid scheme for the upstream %s",
    (upstream) => {
      const { protocol } = new URL(forms.carry(upstream, "file:///a"));
      expect(protocol).toMatch(/^[a-z][a-z0-9+.-]*:$/);
      expect(forms.read(new URL(forms.carry(upstream, "file:///a")).href)).toEqual({
        upstream,
        uri: "file:///a",
      });
    },
  );

  it.each([
    "file:///a",
    "git+ssh://host",
    "ui://board",
    "ui://other/board",
    "",
    "+",
    "files+ui://a/b",
  ])("does not parse %s", (uri) => {
    expect(forms.read(uri)).toBeUndefined();
  });
});

const upstreamName = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/);
const anyUri = fc.oneof(
  fc.string(),
  fc.webUrl(),
  fc.string().map((rest) => `ui://${rest}`),
  fc.tuple(fc.constantFrom("a", "b"), fc.string()).map(([a, rest]) => `${a}+${rest}`),
);

describe("the form of any URI", () => {
  it("parses to the same upstream and URI", () => {
    const cases = fc.record({
      upstreams: fc.uniqueArray(upstreamName, { minLength: 1, maxLength: 8 }),
      uri: anyUri,
      index: fc.nat(),
      layers: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(cases, ({ upstreams, uri, index, layers }) => {
        const { carry, read } = createUriForms(upstreams);
        const upstream = upstreams[index % upstreams.length] as string;
        const inner = Array.from({ length: layers - 1 }).reduce<string>(
          (nested) => carry(upstreams[0] as string, nested),
          uri,
        );
        expect(read(carry(upstream, inner))).toEqual({ upstream, uri: inner });
        expect(carry(upstream, inner).startsWith("ui://")).toBe(inner.startsWith("ui://"));
      }),
    );
  });

  it("differs between upstreams", () => {
    fc.assert(
      fc.property(fc.uniqueArray(upstreamName, { minLength: 2 }), anyUri, (upstreams, uri) => {
        const { carry } = createUriForms(upstreams);
        const carried = upstreams.map((one) => carry(one, uri).toLowerCase());
        expect(new Set(carried).size).toBe(upstreams.length);
      }),
    );
  });
});
