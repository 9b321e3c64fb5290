/**
 * The contents of a resource, in the result of a read or embedded in a content block.
 *
 * @spec server/resources#resource-contents
 */
import type { JSONObject } from "./json.ts";
import { object, optional, type Shape, string } from "./shape.ts";

export interface TextResourceContents {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text: string;
  readonly _meta?: JSONObject;
}

export interface BlobResourceContents {
  readonly uri: string;
  readonly mimeType?: string;
  /** Base64. */
  readonly blob: string;
  readonly _meta?: JSONObject;
}

export type ResourceContents = TextResourceContents | BlobResourceContents;

const shared = { uri: string, mimeType: optional(string), _meta: optional(object()) };
const text = object({ ...shared, text: string });
const blob = object({ ...shared, blob: string });

/** The shape of the contents of a resource. */
export const resourceContents: Shape = (value) =>
  text(value) === undefined ? undefined : blob(value);
