import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import { blob } from "./content.ts";
import { createServer } from "./create-server.ts";
import { ask } from "./fixtures/ask.ts";
import {
  defineResource,
  defineResourceTemplate,
  type ResourceDefinition,
  type ResourceTemplateDefinition,
} from "./resources.ts";

const errors: unknown[] = [];

function serverOf(
  resources: readonly ResourceDefinition[],
  resourceTemplates: readonly ResourceTemplateDefinition[] = [],
) {
  errors.length = 0;
  const onError = (error: unknown) => void errors.push(error);
  return createServer({ name: "test", version: "1", resources, resourceTemplates, onError });
}

const returning = (value: unknown, members: Partial<ResourceDefinition> = {}) =>
  defineResource({ uri: "a:b", name: "b", read: () => value as string, ...members });
const read = (resource: ResourceDefinition, uri = resource.uri) =>
  ask(serverOf([resource]), "resources/read", { uri });

describe("server/resources#reading-resources", () => {
  it.each<[string, unknown, unknown]>([
    ["text", "hello", [{ uri: "a:b", text: "hello" }]],
    ["empty text, which is content", "", [{ uri: "a:b", text: "" }]],
    [
      "bytes",
      new Uint8Array([104, 105]),
      [{ uri: "a:b", mimeType: "application/octet-stream", blob: "aGk=" }],
    ],
    [
      "no bytes",
      new Uint8Array(),
      [{ uri: "a:b", mimeType: "application/octet-stream", blob: "" }],
    ],
    ["contents by hand", { uri: "a:c", text: "x" }, [{ uri: "a:c", text: "x" }]],
    [
      "several contents, as of a directory",
      [
        { uri: "a:b/1", text: "1", _meta: { "x.y/z": 1 } },
        blob("a:b/2", new Uint8Array([0]), "a/b"),
      ],
      [
        { uri: "a:b/1", text: "1", _meta: { "x.y/z": 1 } },
        { uri: "a:b/2", mimeType: "a/b", blob: "AA==" },
      ],
    ],
  ])("from %s", async (_what, value, contents) => {
    expect((await read(returning(value))).contents).toEqual(contents);
  });

  it("the declared type is that of text and bytes", async () => {
    const text = await read(returning("x", { mimeType: "text/plain" }));
    expect(text.contents).toEqual([{ uri: "a:b", mimeType: "text/plain", text: "x" }]);
    const bytes = await read(returning(new Uint8Array(), { mimeType: "image/png" }));
    expect(bytes.contents).toEqual([{ uri: "a:b", mimeType: "image/png", blob: "" }]);
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["a number", 1],
    ["contents without a URI", { text: "" }],
    ["contents without text or blob", { uri: "a:b" }],
    ["a blob that is not Base64", { uri: "a:b", blob: "###" }],
    ["text that is a number", [{ uri: "a:b", text: 1 }]],
  ])(
    "binary data MUST be properly encoded; invalid contents are not sent: %s",
    async (_w, value) => {
      await expect(read(returning(value))).rejects.toMatchObject({ code: -32603 });
      expect(errors).toEqual([expect.any(TypeError)]);
    },
  );
});

it.each<[string, unknown, string]>([
  ["an object", { sum: 1 }, "contents[0]: uri: expected a string"],
  ["a number", 1, "contents[0]: uri: expected a string"],
  ["contents without text", { uri: "a:b" }, "contents[0]: expected text or a blob in Base64"],
])("the reason of invalid contents is reported: %s", async (_what, value, problem) => {
  await expect(read(returning(value))).rejects.toMatchObject({ code: -32603 });
  const message = `${problem}; return text, bytes (Uint8Array) or contents such as { uri, text }`;
  expect(errors).toEqual([new TypeError(message)]);
});

describe("server/resources#error-handling", () => {
  const template = defineResourceTemplate({
    uriTemplate: "place://{id}",
    name: "place",
    read: ({ id }) => (id === "1" ? "Lyon" : undefined),
  });

  it.each([
    ["an unknown resource", "a:c"],
    ["one that does not follow the template", "place://1/2"],
    ["one that the template's handler does not know", "place://2"],
    ["one with bad percent-encoding", "place://%zz"],
    ["a name of the prototype", "__proto__"],
    ["an empty URI", ""],
    ["a URI beyond the bound", `place://${"1".repeat(10_000)}`],
  ])("MUST return -32602 with the URI: %s", async (_what, uri) => {
    const answer = ask(serverOf([returning("")], [template]), "resources/read", { uri });
    await expect(answer).rejects.toMatchObject({
      code: -32602,
      status: 400,
      message: `Resource not found: ${uri}`,
      data: { uri },
    });
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no contents", []],
  ])(
    "MUST NOT return an empty contents array for a non-existent resource: %s",
    async (_w, value) => {
      await expect(read(returning(value))).rejects.toMatchObject({
        code: -32602,
        data: { uri: "a:b" },
      });
    },
  );

  it("SHOULD return -32603 for internal errors, masked and reported", async () => {
    const thrown = new Error("password=123");
    const resource = defineResource({ uri: "a:b", name: "b", read: () => Promise.reject(thrown) });
    const error = await read(resource).catch((caught) => caught);
    expect(error.toWire()).toEqual({ code: -32603, message: "Internal error" });
    expect(errors).toEqual([thrown]);
  });
});

describe("server/resources#resource-templates", () => {
  it("the handler gets the variables, the URI and the context", async () => {
    let seen: unknown;
    const template = defineResourceTemplate({
      uriTemplate: "data://{tenant}/{+path}{?rev}",
      name: "data",
      mimeType: "text/plain",
      read: (variables, { uri, capabilities }) => {
        seen = { variables, uri, capabilities };
        return "x";
      },
    });
    const uri = "data://z%C3%BC/a/b.txt?rev=2";
    const { contents } = await ask(serverOf([], [template]), "resources/read", { uri });
    expect(contents).toEqual([{ uri, mimeType: "text/plain", text: "x" }]);
    const variables = { tenant: "zü", path: "a/b.txt", rev: "2" };
    expect(seen).toEqual({ variables, uri, capabilities: {} });
  });

  it("a declared resource takes precedence over templates, and templates in their order", async () => {
    const named = (name: string, uriTemplate: string) =>
      defineResourceTemplate({ uriTemplate, name, read: () => name });
    const server = serverOf(
      [returning("fixed", { uri: "a://1" })],
      [named("first", "a://{id}"), named("second", "a://{+path}")],
    );
    for (const [uri, text] of [
      ["a://1", "fixed"],
      ["a://2", "first"],
      ["a://2/3", "second"],
    ]) {
      const result = await ask(server, "resources/read", { uri });
      expect(result.contents).toEqual([{ uri, text }]);
    }
  });
});

describe("RFC 3986, section 6.2.2: spellings of one URI", () => {
  const cafe = defineResourceTemplate({
    uriTemplate: "file:///docs/café/{name}",
    name: "docs",
    read: ({ name }) => name,
  });

  it.each([
    ["file:///docs/über", "file:///docs/%C3%BCber"],
    ["file:///docs/%C3%BCber", "file:///docs/über"],
    ["file:///~me", "file:///%7Eme"],
    ["file:///a%2fb", "FILE:///a%2Fb"],
  ])("a resource at %s is found as %s", async (uri, sent) => {
    const server = serverOf([returning("text", { uri })]);
    const { contents } = await ask(server, "resources/read", { uri: sent });
    expect(contents).toEqual([{ uri: sent, text: "text" }]);
    expect((await ask(server, "resources/list")).resources).toMatchObject([{ uri }]);
    expect(server.resources.keys()).toEqual([uri]);
    expect(server.resources.remove(sent)).toBe(1);
  });

  it.each([
    "file:///docs/café/a.txt",
    "file:///docs/caf%C3%A9/a.txt",
    "file:///docs/caf%c3%a9/%61.txt",
  ])("a template matches %s", async (uri) => {
    const { contents } = await ask(serverOf([], [cafe]), "resources/read", { uri });
    expect(contents).toEqual([{ uri, text: "a.txt" }]);
  });

  it("two spellings are one resource, declared twice", () => {
    const both = ["a:~", "a:%7E"].map((uri) => returning("", { uri }));
    expect(() => serverOf(both)).toThrow("resources: a:%7E is declared twice");
    expect(() =>
      serverOf([returning("", { uri: "a:%2F" }), returning("", { uri: "a:/" })]),
    ).not.toThrow();
  });
});

describe("server/resources#security-considerations", () => {
  const seen: string[] = [];
  const template = defineResourceTemplate({
    uriTemplate: "t://{+path}",
    name: "t",
    read: (_variables, { uri }) => {
      seen.push(uri);
      return "x";
    },
  });

  it.each([
    "t://a/b/c\u0000",
    "t://a b\tc",
    "t://\u202e",
    't://<{}>"',
    "t://a\u00a0b",
    "t://a\\b",
    "t://%zz",
  ])("servers MUST validate all resource URIs: %j reaches no template", async (uri) => {
    seen.length = 0;
    const answer = ask(serverOf([], [template]), "resources/read", { uri });
    await expect(answer).rejects.toMatchObject({ code: -32602, data: { uri } });
    expect(seen).toEqual([]);
  });

  it("a percent-encoded URI reaches its template", async () => {
    await ask(serverOf([], [template]), "resources/read", { uri: "t://%C3%A9%20/" });
    expect(seen).toContain("t://%C3%A9%20/");
  });
});

describe("server/resources#listing-resources", () => {
  it("shows what was declared, and nothing of the implementation", async () => {
    const shown = {
      name: "b",
      title: "B",
      description: "A resource",
      mimeType: "text/plain",
      icons: [{ src: "data:image/png;base64,AA==" }],
      annotations: { audience: ["user"], priority: 0.5, lastModified: "2025-01-12T15:00:58Z" },
      _meta: { "com.example/a": 1 },
    } as const;
    const hidden = {
      cache: { ttlMs: 1, cacheScope: "public" },
      singleUse: true,
      read: () => "",
    } as const;
    const server = serverOf(
      [defineResource({ uri: "a:b", size: 7, ...shown, ...hidden })],
      [
        defineResourceTemplate({
          uriTemplate: "a://{id}",
          complete: { id: () => [] },
          ...shown,
          ...hidden,
        }),
      ],
    );
    expect((await ask(server, "resources/list")).resources).toEqual([
      { uri: "a:b", size: 7, ...shown },
    ]);
    expect((await ask(server, "resources/templates/list")).resourceTemplates).toEqual([
      { uriTemplate: "a://{id}", ...shown },
    ]);
  });
});

describe("server/utilities/caching: resources/read", () => {
  it("is stale at once and private unless the resource says otherwise", async () => {
    expect(await read(returning("x"))).toMatchObject({ ttlMs: 0, cacheScope: "private" });
    const cache = { ttlMs: 60_000, cacheScope: "public" } as const;
    expect(await read(returning("x", { cache }))).toMatchObject(cache);
  });
});

describe("a definition that makes no sense is a TypeError at once", () => {
  it.each<[string, JSONObject, string]>([
    ["a URI without a scheme", { uri: "b" }, "resource b: expected a URI, such as file:///"],
    ["an empty URI", { uri: "" }, "expected a URI"],
    ["a URI that is undefined", { uri: undefined }, "expected a URI"],
    ["a URI with a blank", { uri: "a:b c" }, "expected a URI"],
    ["a URI with characters that no URI has", { uri: 'x:<{}>"é' }, "expected a URI"],
    ["a URI with bad percent-encoding", { uri: "a:%zz" }, "expected a URI"],
    ["an unsafe icon", { icons: [{ src: "ws://example.com" }] }, "icons"],
    ["a negative ttlMs", { cache: { ttlMs: -1, cacheScope: "public" } }, "cache.ttlMs"],
    ["a fractional ttlMs", { cache: { ttlMs: 0.5, cacheScope: "public" } }, "cache.ttlMs"],
    ["an unknown scope", { cache: { ttlMs: 0, cacheScope: "shared" } }, "cache.cacheScope"],
    ["no name", { name: undefined }, "resource a:b: name: expected a string"],
    ["no function", { read: undefined }, "resource a:b: read: expected a function"],
    [
      "a misspelt option",
      { mimetype: "text/plain" },
      'resource a:b: mimetype: unknown option; did you mean "mimeType"?',
    ],
    [
      "an option of templates",
      { complete: {} },
      "resource a:b: complete: unknown option, expected one of name, ",
    ],
  ])("%s", (_what, members, message) => {
    const definition = {
      ...returning(""),
      uri: "a:b",
      ...members,
    } as unknown as ResourceDefinition;
    for (const define of [() => serverOf([definition]), () => defineResource(definition)]) {
      expect(define).toThrow(TypeError);
      expect(define).toThrow(message);
    }
  });

  it.each<[string, JSONObject, string]>([
    ["a template that is not well-formed", { uriTemplate: "a://{id" }, "unbalanced braces"],
    ["a template without a scheme", { uriTemplate: "place/{id}" }, "expected a scheme"],
    ["a template that is undefined", { uriTemplate: undefined }, "expected a scheme"],
    [
      "a completer of a variable that the template has not",
      { complete: { other: () => [] } },
      "complete.other: expected a variable of the template",
    ],
    ["a negative ttlMs", { cache: { ttlMs: -1, cacheScope: "public" } }, "cache.ttlMs"],
    ["no function", { read: undefined }, "resource template a://{id}: read: expected a function"],
    ["an unsafe icon", { icons: [{ src: "ws://example.com" }] }, "icons"],
    [
      "an option of resources",
      { uri: "a://1" },
      'resource template a://{id}: uri: unknown option; did you mean "uriTemplate"?',
    ],
  ])("%s", (_what, members, message) => {
    const template = { uriTemplate: "a://{id}", name: "a", read: () => "", ...members } as never;
    for (const define of [() => serverOf([], [template]), () => defineResourceTemplate(template)]) {
      expect(define).toThrow(TypeError);
      expect(define).toThrow(message);
    }
  });

  it("a URI that is taken", () => {
    expect(() => serverOf([returning(""), returning("")])).toThrow(/declared twice/);
  });
});
