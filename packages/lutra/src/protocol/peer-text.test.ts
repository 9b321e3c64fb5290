import { describe, expect, it } from "vitest";
import { quoted, textOf, withoutSecrets } from "./peer-text.ts";

const secret = "a+secret/of ann";
const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";

describe("quoted text of a peer", () => {
  it.each([
    ["as it is", secret],
    ["in a URL", encodeURIComponent(secret)],
    ["in a form", new URLSearchParams({ v: secret }).toString().slice(2)],
    ["in a URL with escapes in lower case", encodeURIComponent(secret).toLowerCase()],
    ["in JSON", secret.replace("/", "\\/")],
  ])("does not contain a secret %s", (_how, form) => {
    expect(quoted(`got ${form}, twice ${form}`, [secret])).toBe("got ***, twice ***");
  });

  it("contains neither of two secrets of which one is part of the other", () => {
    expect(quoted("got abcdefgh", ["abcdef", "abcdefgh"])).toBe("got ***");
  });

  it.each([
    ["a signed token", jwt],
    ["a token that is cut", jwt.slice(0, 45)],
    ["a token behind a letter, as in a header in a URL", `Bearer%20${jwt}`],
  ])("does not contain %s, also if it is unknown", (_what, token) => {
    expect(quoted(`got ${token}`)).toMatch(/^got (Bearer%20)?\*{3}$/);
  });

  it("does not contain the end of a secret that begins before its last character", () => {
    const text = `${"x".repeat(195)}${secret}`;
    expect(quoted(text, [secret])).toBe(`${"x".repeat(195)}***`);
  });

  it("is on one line, printable and short", () => {
    expect(quoted("a\r\n\u001b[31mb\u202ec")).toBe("a [31mb c");
    expect(quoted("x".repeat(1_000_000))).toBe(`${"x".repeat(200)}…`);
  });

  it("keeps words, even those that a short value is part of", () => {
    expect(quoted("the code is wrong", ["code", undefined, ""])).toBe("the code is wrong");
  });

  it("is found in bounded time in text that looks like the beginnings of tokens", () => {
    const before = process.cpuUsage();
    quoted("eyJ-".repeat(1_000_000), ["abcdef"]);
    const { user } = process.cpuUsage(before);
    expect(user / 1000).toBeLessThan(1000);
  });
});

it("text without secrets keeps its length otherwise", () => {
  const text = `Bearer error_description="${secret}", ${"x".repeat(500)}`;
  expect(withoutSecrets(text, [secret])).toBe(text.replace(secret, "***"));
});

describe("a value of a peer as text", () => {
  it.each([
    ["a text", "a text"],
    [7, "number"],
    [null, "null"],
    [[1], "array"],
    [{ toString: "text" }, "object"],
    [{ toString: null, valueOf: null }, "object"],
    [undefined, "undefined"],
  ])("%j is %j", (value, expected) => {
    expect(textOf(value)).toBe(expected);
  });
});
