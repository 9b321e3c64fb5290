import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventReader } from "./read-events.ts";

const encoder = new TextEncoder();

function read(chunks: readonly (string | Uint8Array)[], maxEventLength = 1000): string[] {
  const events: string[] = [];
  const reader = createEventReader((data) => events.push(data), maxEventLength);
  for (const chunk of chunks) {
    reader.read(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  }
  return events;
}

describe("an event stream", () => {
  it.each([
    ["ends lines with LF", "data: a\n\ndata: b\n\n", ["a", "b"]],
    ["ends lines with CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
    ["ends lines with CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
    ["mixes all three", "data: a\r\n\ndata: b\r\r\ndata: c\n\r", ["a", "b", "c"]],
    ["joins several data lines with a line feed", "data: a\ndata: b\n\n", ["a\nb"]],
    ["takes one space off the value and no more", "data:  a \ndata:b\n\n", [" a \nb"]],
    ["knows a field without a colon", "data\ndata: a\n\n", ["\na"]],
    ["ignores comments, which are not malformed input", ":\r\n: keep-alive\n\ndata: a\n\n", ["a"]],
    ["ignores a comment within an event", "data: a\n:\ndata: b\n\n", ["a\nb"]],
    ["ignores id, retry and unknown fields", "id: 1\nretry: 5\nfoo: x\ndata: a\n\n", ["a"]],
    ["reads events that name the type message", "event: message\ndata: a\n\n", ["a"]],
    ["ignores events of another type", "event: endpoint\ndata: /x\n\ndata: a\n\n", ["a"]],
    ["ignores events without data", "id: 1\ndata:\n\ndata: a\n\n", ["a"]],
    ["drops an event that the end of the stream cuts off", "data: a\n\ndata: b\n", ["a"]],
    ["skips a byte order mark", "\uFEFFdata: a\n\n", ["a"]],
  ])("%s", (_what, text, events) => {
    expect(read([text])).toEqual(events);
    expect(read([...encoder.encode(text)].map((byte) => Uint8Array.of(byte)))).toEqual(events);
  });

  it("reports the same events for any chunks", () => {
    const line = fc
      .string({ unit: "grapheme", maxLength: 20 })
      .map((s) => s.replace(/[\r\n]/g, ""));
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const event = fc
      .array(fc.tuple(line, end), { minLength: 1, maxLength: 4 })
      .filter((lines) => lines.some(([text]) => text !== "") || lines.length > 1);
    const cuts = fc.array(fc.nat(600), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), cuts, (events, at) => {
        // A lone CR before a LF would read as one CRLF, so the blank line repeats the last ending.
        const text = events
          .map((lines) => {
            const blank = lines.at(-1)?.[1] ?? "\n";
            return lines.map(([value, eol]) => `data: ${value}${eol}`).join("") + blank;
          })
          .join("");
        const bytes = encoder.encode(text);
        const edges = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b)];
        const chunks = edges.map((from, i) => bytes.slice(from, edges[i + 1] ?? bytes.length));
        const expected = events.map((lines) => lines.map(([value]) => value).join("\n"));
        expect(read(chunks, 10_000)).toEqual(expected);
      }),
    );
  });

  it("reads an event of many pieces and of many lines", () => {
    const bytes = encoder.encode(`data: ${"x".repeat(3000)}\n${"data:y\n".repeat(3000)}\n`);
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(read(pieces, 10_000)).toEqual([`${"x".repeat(3000)}${"\ny".repeat(3000)}`]);
  });

  it("reads characters that are split between chunks", () => {
    const bytes = encoder.encode("data: 世界🦦\n\n");
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(read([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(["世界🦦"]);
    }
  });

  it("is limited per event, not in total", () => {
    const event = `data: ${"x".repeat(90)}\n\n`;
    expect(read([event.repeat(50)], 100)).toHaveLength(50);
  });

  it.each([
    ["one endless line", ["data: ", "x".repeat(60), "x".repeat(60)]],
    ["endless data lines", ["data: aaaaaaaaaa\n".repeat(20)]],
    ["an endless comment", [`:${"x".repeat(101)}`]],
  ])("rejects %s", (_what, chunks) => {
    expect(() => read(chunks, 100)).toThrow(
      expect.objectContaining({ name: "TransportError", reason: "malformed" }),
    );
  });
});
