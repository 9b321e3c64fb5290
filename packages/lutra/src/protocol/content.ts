/**
 * Content blocks, shared by tool results and prompt messages.
 *
 * @spec server/tools#tool-result, server/resources#annotations
 */
import type { Icon } from "./icons.ts";
import type { JSONObject } from "./json.ts";
import { type ResourceContents, resourceContents } from "./resource-contents.ts";
import { descriptive, object, type Shape, string } from "./shape.ts";

export type Role = "user" | "assistant";

/** Hints on how to use or show a resource or a content block. */
export interface Annotations {
  readonly audience?: readonly Role[];
  /** From 0 (entirely optional) to 1 (effectively required). */
  readonly priority?: number;
  /** ISO 8601. */
  readonly lastModified?: string;
}

interface Annotated {
  readonly annotations?: Annotations;
  readonly _meta?: JSONObject;
}

export interface TextContent extends Annotated {
  readonly type: "text";
  readonly text: string;
}

export interface ImageContent extends Annotated {
  readonly type: "image";
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

export interface AudioContent extends Annotated {
  readonly type: "audio";
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

/** A link to a resource that the client can read or subscribe to. */
export interface ResourceLink extends Annotated {
  readonly type: "resource_link";
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly size?: number;
  readonly icons?: readonly Icon[];
}

export interface EmbeddedResource extends Annotated {
  readonly type: "resource";
  readonly resource: ResourceContents;
}

export type ContentBlock =
  | TextContent
  | ImageContent
  | AudioContent
  | ResourceLink
  | EmbeddedResource;

const media = object({ data: string, mimeType: string });

const shapes: ReadonlyMap<unknown, Shape> = new Map([
  ["text", object({ text: string })],
  ["image", media],
  ["audio", media],
  ["resource_link", object({ ...descriptive, uri: string })],
  ["resource", object({ resource: resourceContents })],
]);

const typed = object({ type: string });

/** The shape of a content block. Blocks of other types may have any members. */
export const contentBlock: Shape = (value) =>
  typed(value) ?? shapes.get((value as ContentBlock).type)?.(value);

/** Creates a text block. */
export function text(value: string): TextContent {
  return { type: "text", text: value };
}
