/** Resources: text, bytes, and a template. */
import { defineResource, defineResourceTemplate } from "lutra/server";
import { pixel } from "./media.ts";

/** Cache hints for content that never changes: one hour, shared between callers. */
const fixed = { ttlMs: 3_600_000, cacheScope: "public" } as const;

export const resources = [
  defineResource({
    uri: "test://static-text",
    name: "Static text",
    description: "A text that never changes",
    mimeType: "text/plain",
    cache: fixed,
    read: () => "This is the content of the static text resource.",
  }),
  defineResource({
    uri: "test://static-binary",
    name: "Static binary",
    description: "An image of one red pixel",
    mimeType: "image/png",
    cache: fixed,
    read: () => Buffer.from(pixel, "base64"),
  }),
  defineResource({
    uri: "test://watched-resource",
    name: "Watched resource",
    description: "A text whose changes clients can subscribe to",
    mimeType: "text/plain",
    read: () => "This is the content of the watched resource.",
  }),
];

export const resourceTemplates = [
  defineResourceTemplate({
    uriTemplate: "test://template/{id}/data",
    name: "Data by id",
    description: "Data of the id in the URI",
    mimeType: "application/json",
    read: ({ id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  }),
] as const;
