/**
 * Resources: data that a server offers by URI, and URI templates.
 *
 * @spec server/resources
 */
import type { CacheableResult } from "./caching.ts";
import type { Annotations } from "./content.ts";
import { invalidParams, type ProtocolError } from "./errors.ts";
import type { Icon } from "./icons.ts";
import { type InputResponseParams, parseInputResponseParams } from "./input-responses.ts";
import type { JSONObject } from "./json.ts";
import type { Method } from "./method.ts";
import { defineMethod, requireString } from "./method.ts";
import type { PaginatedParams } from "./pagination.ts";
import { parsePaginatedParams } from "./pagination.ts";
import { type ResourceContents, resourceContents } from "./resource-contents.ts";
import { descriptive, listOf, number, object, optional, parserOf, string } from "./shape.ts";

interface ResourceMetadata {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  readonly _meta?: JSONObject;
}

export interface Resource extends ResourceMetadata {
  readonly uri: string;
  /** Size in bytes. */
  readonly size?: number;
}

export interface ResourceTemplate extends ResourceMetadata {
  /** An RFC 6570 template. */
  readonly uriTemplate: string;
}

export interface ListResourcesResult extends CacheableResult {
  readonly resources: readonly Resource[];
  readonly nextCursor?: string;
}

export interface ListResourceTemplatesResult extends CacheableResult {
  readonly resourceTemplates: readonly ResourceTemplate[];
  readonly nextCursor?: string;
}

export interface ReadResourceParams extends InputResponseParams {
  readonly uri: string;
}

export interface ReadResourceResult extends CacheableResult {
  readonly contents: readonly ResourceContents[];
}

const metadata = {
  ...descriptive,
  mimeType: optional(string),
  annotations: optional(object()),
};

export const listResources: Method<PaginatedParams, ListResourcesResult> = defineMethod({
  name: "resources/list",
  params: parsePaginatedParams,
  result: parserOf(
    object({
      resources: listOf(object({ ...metadata, uri: string, size: optional(number) })),
      nextCursor: optional(string),
    }),
  ),
  capability: "resources",
  cacheable: true,
  changedBy: "resourcesListChanged",
  safe: true,
});

export const listResourceTemplates: Method<PaginatedParams, ListResourceTemplatesResult> =
  defineMethod({
    name: "resources/templates/list",
    params: parsePaginatedParams,
    result: parserOf(
      object({
        resourceTemplates: listOf(object({ ...metadata, uriTemplate: string })),
        nextCursor: optional(string),
      }),
    ),
    capability: "resources",
    cacheable: true,
    changedBy: "resourcesListChanged",
    safe: true,
  });

export const readResource: Method<ReadResourceParams, ReadResourceResult> = defineMethod({
  name: "resources/read",
  params: (params) => ({
    uri: requireString(params, "uri"),
    ...parseInputResponseParams(params),
  }),
  result: parserOf(object({ contents: listOf(resourceContents) })),
  nameField: "uri",
  capability: "resources",
  cacheable: true,
  inputRequired: true,
  safe: true,
});

/** @spec server/resources#error-handling */
export function resourceNotFound(uri: string): ProtocolError {
  return invalidParams(`Resource not found: ${uri}`, { uri });
}
