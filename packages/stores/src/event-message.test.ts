import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEvent, encodeEvent } from "./event-message.ts";

// `fc.string({ unit: "binary" })` builds a table of all code points, which takes seconds.
const anyText = fc
  .array(fc.oneof(fc.nat(0xff), fc.nat(0xffff), fc.integer({ min: 0x10000, max: 0x10ffff })))
  .map((points) => String.fromCodePoint(...points));

describe("an event as text", () => {
  it("survives encoding with any topic and content", () => {
    const event = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(anyText, event, fc.nat(), (topic, content, number) => {
        const text = encodeEvent("sender", number, { topic, event: content as never });
        const found = decodeEvent(text);
        expect(found?.topic).toBe(topic);
        expect(found?.sender).toBe("sender");
        expect(JSON.stringify(found?.event())).toBe(JSON.stringify(content));
      }),
    );
  });

  it("contains no byte that an engine refuses", () => {
    const text = encodeEvent("s", 1, { topic: "a\u0000\ud800", event: { b: "\u0000" } });
    expect(text).not.toContain("\u0000");
    expect(Buffer.from(text).toString()).toBe(text);
  });

  it.each(["", "x", "a:b:c", "a:1:99:", 'a:1:1:"{}', "a:1:2:[]{}"])(
    "that is none of ours is left alone: %j",
    (text) => expect(decodeEvent(text)).toBeUndefined(),
  );
});
