import { expect, it } from "vitest";
import type { CallToolResult } from "../protocol/tools.ts";
import { modelParts, textOf } from "./model-parts.ts";

const textOfResult = (result: CallToolResult) => textOf(modelParts(result));

it("keeps the order of text, images and audio", () => {
  const content = [
    { type: "text", text: "before" },
    { type: "image", data: "AAAA", mimeType: "image/png" },
    { type: "audio", data: "AAA=", mimeType: "audio/wav" },
  ] as const;
  expect(modelParts({ content })).toEqual([
    { type: "text", text: "before" },
    { type: "media", data: "AAAA", mimeType: "image/png" },
    { type: "media", data: "AAA=", mimeType: "audio/wav" },
  ]);
  expect(textOfResult({ content })).toBe("before\n[image/png, 3 bytes]\n[audio/wav, 2 bytes]");
});

it("adds structured content as JSON only if no block has text", () => {
  const structuredContent = { sum: 3 };
  expect(textOfResult({ content: [], structuredContent })).toBe('{"sum":3}');
  const image = { type: "image", data: "AA==", mimeType: "image/png" } as const;
  expect(textOfResult({ content: [image], structuredContent })).toBe(
    '[image/png, 1 bytes]\n{"sum":3}',
  );
  const content = [{ type: "text", text: "three" }] as const;
  expect(textOfResult({ content, structuredContent })).toBe("three");
});

it("describes links and contains embedded resources", () => {
  const content = [
    { type: "resource_link", uri: "file:///a", name: "a", mimeType: "text/plain" },
    { type: "resource", resource: { uri: "file:///b", text: "inside" } },
    { type: "resource", resource: { uri: "file:///c", blob: "AA==" } },
  ] as const;
  expect(textOfResult({ content })).toBe(
    "[resource file:///a: a, text/plain]\ninside\n[application/octet-stream, 1 bytes]",
  );
});

it("is never empty, because some providers refuse an empty text", () => {
  expect(textOfResult({ content: [] })).toBe("The tool returned no content");
});

it("names blocks of unknown types", () => {
  const block = JSON.parse('{"type":"hologram"}');
  expect(textOfResult({ content: [block] })).toBe('[content of the type "hologram"]');
});
