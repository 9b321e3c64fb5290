/**
 * The result of a tool in the parts that a model can read.
 *
 * @spec server/tools#tool-result
 */
import type { ContentBlock, EmbeddedResource, ResourceLink } from "../protocol/content.ts";
import type { CallToolResult } from "../protocol/tools.ts";

interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** An image, audio or another file. */
export interface MediaPart {
  readonly type: "media";
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

export type ModelPart = TextPart | MediaPart;

/**
 * Returns the content of a result as text and media, at least one part. Structured content is added
 * as JSON if no block has text, because servers should repeat it in a text block.
 */
export function modelParts(result: CallToolResult): readonly ModelPart[] {
  const { content, structuredContent } = result;
  const parts = content.map(partOf);
  const hasText = content.some(({ type }) => type === "text");
  if (!hasText && structuredContent !== undefined) {
    parts.push(textPart(JSON.stringify(structuredContent)));
  }
  return parts.length > 0 ? parts : [textPart("The tool returned no content")];
}

function partOf(block: ContentBlock): ModelPart {
  switch (block.type) {
    case "text":
      return textPart(block.text);
    case "image":
    case "audio":
      return { type: "media", data: block.data, mimeType: block.mimeType };
    case "resource_link":
      return textPart(linkText(block));
    case "resource":
      return embeddedPart(block);
    default:
      return textPart(`[content of the type ${JSON.stringify((block as ContentBlock).type)}]`);
  }
}

function linkText({ uri, name, title, description, mimeType }: ResourceLink): string {
  const details = [title ?? name, mimeType, description].filter((text) => text !== undefined);
  return `[resource ${uri}: ${details.join(", ")}]`;
}

function embeddedPart({ resource }: EmbeddedResource): ModelPart {
  if ("text" in resource) return textPart(resource.text);
  const { blob, mimeType = "application/octet-stream" } = resource;
  return { type: "media", data: blob, mimeType };
}

function textPart(text: string): TextPart {
  return { type: "text", text };
}

export function isImage(part: ModelPart): part is MediaPart {
  return part.type === "media" && part.mimeType.startsWith("image/");
}

/** Returns the text of a part. Media are named by their type and size. */
export function partText(part: ModelPart): string {
  if (part.type === "text") return part.text;
  const padding = part.data.endsWith("==") ? 2 : part.data.endsWith("=") ? 1 : 0;
  const bytes = Math.floor((part.data.length * 3) / 4) - padding;
  return `[${part.mimeType}, ${bytes} bytes]`;
}

export function textOf(parts: readonly ModelPart[]): string {
  return parts.map(partText).join("\n");
}

export function dataUrl({ mimeType, data }: MediaPart): string {
  return `data:${mimeType};base64,${data}`;
}
