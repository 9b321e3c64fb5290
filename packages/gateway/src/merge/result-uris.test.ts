import type { ContentBlock, Result } from "lutra/protocol";
import {
  createServer,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  toolResult,
} from "lutra/server";
import { describe, expect, it } from "vitest";
import { contextOf, fakeUpstream, mergeOf, requestOf } from "./fixtures/upstreams.ts";
import type { Merge } from "./merge.ts";
import { showUris } from "./result-uris.ts";

const ui = {
  ui: { resourceUri: "ui://board", visibility: ["app"] },
  "ui/resourceUri": "ui://board",
};
const link = (uri: string) => ({ type: "resource_link", uri, name: uri }) as const;
const embedded = (uri: string) =>
  ({ type: "resource", resource: { uri, text: "inside" } }) as const;

const blocks: readonly ContentBlock[] = [
  { type: "text", text: "file:///same" },
  link("file:///same"),
  link("hidden:1"),
  embedded("hidden:2"),
  embedded("place://7"),
];

/** A server whose URIs collide with those of others. */
const server = (name: string) =>
  createServer({
    name,
    version: "1",
    tools: [
      defineTool({
        name: `show-${name}`,
        _meta: ui,
        call: () => toolResult({ content: blocks, _meta: ui }),
      }),
    ],
    resources: [
      defineResource({ uri: "file:///same", name: "same", read: () => `same of ${name}` }),
      defineResource({ uri: `file:///${name}`, name, read: () => `own of ${name}` }),
      defineResource({ uri: "ui://board", name: "board", read: () => `board of ${name}` }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: name === "a" ? "place://{id}" : "trip://{id}",
        name: "by id",
        read: ({ id }) => `${id} of ${name}`,
      }),
      defineResourceTemplate({
        uriTemplate: "hidden:{+rest}",
        name: "hidden",
        read: ({ rest }) => `${rest} of ${name}`,
      }),
    ],
    prompts: [
      definePrompt({
        name: `show-${name}`,
        get: () => blocks.map((content) => ({ role: "user", content }) as const),
      }),
    ],
  });

const merged = () => mergeOf([fakeUpstream("a", server("a")), fakeUpstream("b", server("b"))]);

const ask = (merge: Merge, method: string, params: Record<string, unknown> = {}) =>
  merge.serve(requestOf(method, params), contextOf());

const textsOf = (result: Result) =>
  (result.contents as readonly { uri: string; text: string }[]).map(({ uri, text }) => [uri, text]);

const read = async (merge: Merge, uri: string) =>
  textsOf(await ask(merge, "resources/read", { uri }))[0];

/** Returns all URIs in a value. */
function urisIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    /^uri$|resourceUri$/.test(key) && typeof member === "string" ? [member] : urisIn(member),
  );
}

describe("translation of URIs in results", () => {
  it("translates links, embedded resources and user interfaces of a tool", async () => {
    const result = await ask(merged(), "tools/call", { name: "show-b" });
    expect(result.content).toMatchObject([
      { text: "file:///same" },
      { uri: "b+file:///same" },
      { uri: "b+hidden:1" },
      { resource: { uri: "b+hidden:2", text: "inside" } },
      { resource: { uri: "b+place://7" } },
    ]);
    expect(result._meta).toMatchObject({
      ui: { resourceUri: "ui://b/board", visibility: ["app"] },
      "ui/resourceUri": "ui://b/board",
    });
  });

  it("leaves URIs unchanged that belong to one upstream", async () => {
    const result = await ask(merged(), "tools/call", { name: "show-a" });
    expect(result.content).toMatchObject([{}, {}, {}, {}, { resource: { uri: "place://7" } }]);
  });

  it("translates URIs in the messages of a prompt", async () => {
    const result = await ask(merged(), "prompts/get", { name: "show-b" });
    const uris = urisIn(result.messages);
    expect(uris).toEqual(["b+file:///same", "b+hidden:1", "b+hidden:2", "b+place://7"]);
  });

  it("translates both members for the user interface in the list of tools", async () => {
    const { tools } = await ask(merged(), "tools/list");
    expect(urisIn(tools)).toEqual(["ui://a/board", "ui://a/board", "ui://b/board", "ui://b/board"]);
  });

  it("lets the client read every URI from the upstream that sent it", async () => {
    const merge = merged();
    for (const name of ["a", "b"]) {
      const results = [
        await ask(merge, "tools/call", { name: `show-${name}` }),
        await ask(merge, "prompts/get", { name: `show-${name}` }),
      ];
      for (const uri of results.flatMap(urisIn)) {
        if (name === "b" && uri === "b+place://7") continue;
        expect(await read(merge, uri)).toEqual([uri, expect.stringContaining(`of ${name}`)]);
      }
    }
    const { resources } = await ask(merge, "resources/list");
    for (const uri of urisIn(resources)) expect((await read(merge, uri))?.[0]).toBe(uri);
  });

  it("returns contents under the URI that the client sent", async () => {
    const merge = merged();
    expect(await read(merge, "b+file:///same")).toEqual(["b+file:///same", "same of b"]);
    expect(await read(merge, "file:///b")).toEqual(["file:///b", "own of b"]);
    expect(await read(merge, "b+file:///b")).toEqual(["b+file:///b", "own of b"]);
    expect(await read(merge, "ui://a/board")).toEqual(["ui://a/board", "board of a"]);
    expect(await read(merge, "trip://3")).toEqual(["trip://3", "3 of b"]);
  });

  it.each(["file:///same", "hidden:1", "ui://board", "nowhere:1", "c+file:///a"])(
    "%s is found nowhere, since no upstream alone has it",
    async (uri) => {
      await expect(ask(merged(), "resources/read", { uri })).rejects.toMatchObject({
        code: -32602,
        message: `Resource not found: ${uri}`,
        data: { uri },
      });
    },
  );

  it("translates the URI in an error of an upstream", async () => {
    const uri = "b+file:///gone";
    await expect(ask(merged(), "resources/read", { uri })).rejects.toMatchObject({
      code: -32602,
      data: { uri },
    });
  });

  it("finds the upstream of an expanded template", async () => {
    const merge = merged();
    const { resourceTemplates } = await ask(merge, "resources/templates/list");
    const templates = (resourceTemplates as { uriTemplate: string }[]).map((t) => t.uriTemplate);
    expect(templates).toEqual([
      "place://{id}",
      "a+hidden:{+rest}",
      "trip://{id}",
      "b+hidden:{+rest}",
    ]);
    for (const [index, template] of templates.entries()) {
      const [, text] = (await read(merge, template.replace(/\{.*\}/, "9"))) ?? [];
      expect(text).toBe(`9 of ${index < 2 ? "a" : "b"}`);
    }
  });
});

it("returns the same object for a result without URIs", () => {
  const result = { resultType: "complete", content: [{ type: "text", text: "a" }], result: {} };
  expect(showUris(result, (uri) => `x${uri}`)).toBe(result);
});

it("translates to a limited depth", () => {
  let deep: object = { uri: "deep:1" };
  for (let level = 0; level < 100_000; level += 1) deep = { content: deep, result: deep };
  expect(() => showUris({ content: [deep], result: deep }, (uri) => uri)).not.toThrow();
});
