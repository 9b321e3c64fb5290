/**
 * The contents of a resource, in the result of a read or embedded in a content block.
 *
 * @spec server/resources#resource-contents
 */
import type { JSONObject } from "./json.ts";

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
