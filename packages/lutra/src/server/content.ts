/**
 * Content blocks of handlers: functions that create them, and the check before sending.
 *
 * @spec server/tools#tool-result
 */
import type { AudioContent, ContentBlock, ImageContent } from "../protocol/content.ts";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import type { BlobResourceContents } from "../protocol/resource-contents.ts";

/** Without a repeated group, which would exceed the stack for a large image. */
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Creates an image block. Bytes are encoded; text must be Base64. */
export function image(data: Uint8Array | string, mimeType: string): ImageContent {
  return { type: "image", data: encodeBytes(data), mimeType };
}

/** Creates an audio block. Bytes are encoded; text must be Base64. */
export function audio(data: Uint8Array | string, mimeType: string): AudioContent {
  return { type: "audio", data: encodeBytes(data), mimeType };
}

/** Creates binary contents of a resource. */
export function blob(uri: string, data: Uint8Array, mimeType: string): BlobResourceContents {
  return { uri, mimeType, blob: encodeBytes(data) };
}

/** Returns true for standard Base64 with padding. */
export function isBase64(value: unknown): value is string {
  return typeof value === "string" && value.length % 4 === 0 && base64.test(value);
}

const mimeTypePattern = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:$|;)/;
const mimeTypeProblem = "mimeType: expected a MIME type such as image/png";

function isMimeType(value: unknown): boolean {
  return typeof value === "string" && mimeTypePattern.test(value);
}

/**
 * Checks the content of a handler.
 *
 * @param remedy The end of the message about a value that is not a content block
 * @throws {TypeError} for an invalid content block
 */
export function requireContent(
  where: string,
  content: readonly unknown[],
  remedy = "",
): readonly ContentBlock[] {
  // Visits every index, because a hole in the array would become `null`.
  for (let index = 0; index < content.length; index += 1) {
    const block = content[index];
    const problem = isBlock(block) ? blockTypes[block.type](block) : `${notABlock}${remedy}`;
    if (problem !== undefined) throw new TypeError(`${where}[${index}]: ${problem}`);
  }
  return content as readonly ContentBlock[];
}

/**
 * Returns the problem with the contents of a resource, or undefined.
 *
 * @spec server/resources#resource-contents
 */
export function contentsProblem(contents: unknown): string | undefined {
  if (!isObject(contents) || typeof contents.uri !== "string") return "uri: expected a string";
  const { mimeType } = contents;
  if (mimeType !== undefined && !isMimeType(mimeType)) return mimeTypeProblem;
  if (typeof contents.text === "string" || isBase64(contents.blob)) return undefined;
  return "expected text or a blob in Base64";
}

function isBlock(value: unknown): value is JSONObject & Pick<ContentBlock, "type"> {
  return isObject(value) && typeof value.type === "string" && Object.hasOwn(blockTypes, value.type);
}

const media = ({ data, mimeType }: JSONObject): string | undefined => {
  if (!isBase64(data)) return "data: expected Base64";
  return isMimeType(mimeType) ? undefined : mimeTypeProblem;
};

/** Checks that return the problem with a block, by type. */
const blockTypes: {
  readonly [Type in ContentBlock["type"]]: (block: JSONObject) => string | undefined;
} = {
  text: ({ text }) => (typeof text === "string" ? undefined : "text: expected a string"),
  image: media,
  audio: media,
  resource_link: ({ uri, name }) =>
    typeof uri === "string" && typeof name === "string" ? undefined : "expected a uri and a name",
  resource: ({ resource }) => {
    const problem = contentsProblem(resource);
    return problem && `resource: ${problem}`;
  },
};

const notABlock = `expected a content block of the type ${Object.keys(blockTypes).join(", ")}`;

function encodeBytes(data: Uint8Array | string): string {
  if (typeof data === "string") return data;
  let binary = "";
  for (let start = 0; start < data.length; start += 8192) {
    binary += String.fromCharCode(...data.subarray(start, start + 8192));
  }
  return btoa(binary);
}
