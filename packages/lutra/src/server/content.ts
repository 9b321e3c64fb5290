/**
 * Content blocks as handlers make them: shorthands that encode, and the check before sending.
 *
 * @spec server/tools#tool-result
 */
import type { AudioContent, ContentBlock, ImageContent } from "../protocol/content.ts";
import { isObject } from "../protocol/json.ts";
import type { BlobResourceContents } from "../protocol/resources.ts";

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** An image block; bytes are encoded, text is taken for Base64. */
export function image(data: Uint8Array | string, mimeType: string): ImageContent {
  return { type: "image", data: encodeBytes(data), mimeType };
}

/** An audio block; bytes are encoded, text is taken for Base64. */
export function audio(data: Uint8Array | string, mimeType: string): AudioContent {
  return { type: "audio", data: encodeBytes(data), mimeType };
}

/** Binary contents of a resource. */
export function blob(uri: string, data: Uint8Array, mimeType: string): BlobResourceContents {
  return { uri, mimeType, blob: encodeBytes(data) };
}

/** True for standard Base64 with padding. */
export function isBase64(value: unknown): value is string {
  return typeof value === "string" && base64.test(value);
}

/**
 * Checks content that a handler made.
 *
 * @throws {TypeError} for what is no content block
 */
export function requireContent(content: readonly unknown[]): readonly ContentBlock[] {
  content.forEach((block, index) => {
    if (!isObject(block) || typeof block.type !== "string") {
      throw new TypeError(`content[${index}]: expected a content block`);
    }
    if (block.type === "text" && typeof block.text !== "string") {
      throw new TypeError(`content[${index}].text: expected a string`);
    }
    if ((block.type === "image" || block.type === "audio") && !isBase64(block.data)) {
      throw new TypeError(`content[${index}].data: expected Base64`);
    }
  });
  return content as readonly ContentBlock[];
}

function encodeBytes(data: Uint8Array | string): string {
  if (typeof data === "string") return data;
  let binary = "";
  for (let start = 0; start < data.length; start += 8192) {
    binary += String.fromCharCode(...data.subarray(start, start + 8192));
  }
  return btoa(binary);
}
