import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { audio, blob, image, isBase64 } from "./content.ts";

describe("server/tools#image-content, #audio-content", () => {
  it("encodes bytes in Base64, from which they can be decoded unchanged", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const { data } = image(bytes, "image/png");
        expect(isBase64(data)).toBe(true);
        expect(new Uint8Array(Buffer.from(data, "base64"))).toEqual(bytes);
        expect(audio(bytes, "audio/wav").data).toBe(data);
        expect(blob("a:b", bytes, "a/b").blob).toBe(data);
      }),
    );
  });

  it("bytes of any number", () => {
    const bytes = new Uint8Array(1_000_003).map((_, index) => index);
    expect(image(bytes, "image/png").data).toBe(Buffer.from(bytes).toString("base64"));
  });

  it.each([
    ["", true],
    ["aGk=", true],
    ["aGkx", true],
    ["+/+/", true],
    ["aGk", false],
    ["aGk==", false],
    ["a===", false],
    ["====", false],
    ["aG=k", false],
    ["-_-_", false],
    ["aG k", false],
    ["aGk=\n", false],
    [undefined, false],
    [new Uint8Array(), false],
  ])("%j is Base64: %s", (text, expected) => {
    expect(isBase64(text)).toBe(expected);
  });
});
