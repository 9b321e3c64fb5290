import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { JSONObject } from "../../protocol/json.ts";
import { createServer } from "../../server/create-server.ts";
import { ask } from "../../server/fixtures/ask.ts";
import { toolResult } from "../../server/results.ts";
import { defineTool } from "../../server/tools.ts";
import { app } from "./app.ts";
import { appTool } from "./app-tool.ts";
import { apps } from "./apps.ts";

const page = (body = "") => `<!doctype html><title>t</title>${body}`;
const html = page();

const mapOf = (options: object = {}) =>
  app({
    tool: {
      name: "show_map",
      title: "Map",
      inputSchema: z.object({ q: z.string() }),
      outputSchema: z.object({ places: z.array(z.string()) }),
      call: ({ q }) => ({ places: [q] }),
    },
    fallback: ({ places }) => `Places: ${places.join(", ")}`,
    resource: { html },
    ...options,
  });

const serverOf = (map: ReturnType<typeof mapOf>) =>
  createServer({
    name: "test",
    version: "1",
    tools: [map.tool],
    resources: [map.resource],
    extensions: [apps()],
  });

describe("the declaration", () => {
  it("is in `_meta` of the tool, nested and as the deprecated flat key", async () => {
    const { tools } = await ask(serverOf(mapOf({ visibility: ["model"] })), "tools/list");
    expect(tools).toMatchObject([
      {
        name: "show_map",
        _meta: {
          ui: { resourceUri: "ui://show_map", visibility: ["model"] },
          "ui/resourceUri": "ui://show_map",
        },
      },
    ]);
  });

  it("is in `_meta` of the contents and of the entry of the list", async () => {
    const server = serverOf(
      mapOf({
        csp: { connectDomains: ["https://api.example.com"] },
        permissions: { geolocation: true },
        prefersBorder: true,
      }),
    );
    const ui = {
      csp: { connectDomains: ["https://api.example.com"] },
      permissions: { geolocation: {} },
      prefersBorder: true,
    };
    const type = "text/html;profile=mcp-app";
    expect(await ask(server, "resources/read", { uri: "ui://show_map" })).toMatchObject({
      contents: [{ uri: "ui://show_map", mimeType: type, text: html, _meta: { ui } }],
      ttlMs: 3_600_000,
      cacheScope: "public",
    });
    expect((await ask(server, "resources/list")).resources).toMatchObject([
      { uri: "ui://show_map", mimeType: type, title: "Map", size: html.length, _meta: { ui } },
    ]);
  });

  it("no domain is declared by default, as a wrong one stops the page", async () => {
    const { contents } = await ask(serverOf(mapOf()), "resources/read", { uri: "ui://show_map" });
    expect(contents).toMatchObject([{ _meta: { ui: {} } }]);
  });

  it("the list of tools is the same for every client, and public", async () => {
    const server = serverOf(mapOf());
    const ui = { mimeTypes: ["text/html;profile=mcp-app"] };
    const capabilities = { extensions: { "io.modelcontextprotocol/ui": ui } };
    const plain = await ask(server, "tools/list");
    expect(await ask(server, "tools/list", {}, { capabilities })).toEqual(plain);
    expect(plain.cacheScope).toBe("public");
  });

  it("the server declares the extension", async () => {
    const { capabilities } = await ask(serverOf(mapOf()), "server/discover");
    expect(capabilities).toMatchObject({ extensions: { "io.modelcontextprotocol/ui": {} } });
  });

  it("the page of a protected tool is protected and private", async () => {
    const map = app({
      tool: { name: "secret", scopes: ["maps"], call: () => "text" },
      resource: { html },
    });
    const server = createServer({
      name: "t",
      version: "1",
      tools: [map.tool],
      resources: [map.resource],
      extensions: [apps()],
    });
    await expect(ask(server, "resources/read", { uri: map.uri })).rejects.toMatchObject({
      status: 401,
    });
    const principal = { id: "ann", scopes: ["maps"] };
    const result = await ask(server, "resources/read", { uri: map.uri }, { principal });
    expect(result.cacheScope).toBe("private");
  });
});

describe("the text of results", () => {
  const call = (map: { readonly tool: unknown }, args: object = {}) => {
    const tools = [map.tool] as readonly ReturnType<typeof mapOf>["tool"][];
    return ask(createServer({ name: "t", version: "1", tools }), "tools/call", {
      name: tools[0]?.name,
      arguments: args,
    });
  };

  it("comes from `fallback`, beside the structured content", async () => {
    expect(await call(mapOf(), { q: "Bern" })).toMatchObject({
      content: [{ type: "text", text: "Places: Bern" }],
      structuredContent: { places: ["Bern"] },
    });
  });

  it("the result of the tool keeps its own content and `_meta`", async () => {
    const map = app({
      tool: {
        name: "t",
        outputSchema: z.object({ n: z.number() }),
        call: () => toolResult({ structuredContent: { n: 1 }, _meta: { "a.b/c": 1 } }),
      },
      fallback: ({ n }) => [{ type: "text", text: `n is ${n}` }],
      resource: { html },
    });
    expect(await call(map)).toMatchObject({
      content: [{ text: "n is 1" }],
      structuredContent: { n: 1 },
      _meta: { "a.b/c": 1 },
    });
  });

  it.each([
    ["an empty text", { fallback: () => "" }],
    ["no blocks", { fallback: () => [] }],
  ])("a call fails when `fallback` returns %s", async (_what, options) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await call(mapOf(options), { q: "x" })).toMatchObject({ isError: true });
    vi.restoreAllMocks();
  });

  it("structured content without `fallback` is a mistake", () => {
    expect(() => mapOf({ fallback: undefined })).toThrow(
      new TypeError("app show_map: fallback: expected a function that returns text"),
    );
  });
});

describe("tools of an app", () => {
  it("may be hidden from the model, with or without a page", () => {
    const move = appTool({ tool: { name: "move", call: () => "ok" }, visibility: ["app"] });
    expect(move._meta).toEqual({ ui: { visibility: ["app"] } });
    const again = appTool({ tool: { name: "again", call: () => "ok" }, resourceUri: "ui://x" });
    expect(again._meta).toMatchObject({ ui: { resourceUri: "ui://x" } });
  });

  it.each([[[]], [["robot"]], ["app"]])("rejects the visibility %j", (visibility) => {
    expect(() => mapOf({ visibility })).toThrow(/visibility: expected a list of "model" and "app"/);
  });
});

describe("the check at the start", () => {
  const tool = (_meta: object) =>
    defineTool({ name: "t", _meta: _meta as JSONObject, call: () => "" });
  const start = (options: object) =>
    createServer({ name: "t", version: "1", extensions: [apps()], ...options });
  const linked = tool({ ui: { resourceUri: "ui://a" } });
  const resource = {
    uri: "ui://a",
    name: "a",
    mimeType: "text/html;profile=mcp-app",
    read: () => html,
  };

  it("each `resourceUri` must be a resource of the server", () => {
    expect(() => start({ tools: [linked] })).toThrow(
      new TypeError("tool t: _meta.ui.resourceUri: ui://a: expected a resource of this server"),
    );
    expect(() => start({ tools: [linked], resources: [resource] })).not.toThrow();
    const { uri: _, ...rest } = resource;
    const template = { ...rest, uriTemplate: "ui://{name}" };
    expect(() => start({ tools: [linked], resourceTemplates: [template] })).not.toThrow();
  });

  it("also one that only the flat key names", () => {
    expect(() => start({ tools: [tool({ "ui/resourceUri": "ui://b" })] })).toThrow("ui://b");
  });

  it("a page must have the MIME type of apps", () => {
    const resources = [{ ...resource, mimeType: "text/html" }];
    expect(() => start({ tools: [linked], resources })).toThrow(
      "resource ui://a: mimeType: expected text/html;profile=mcp-app",
    );
    expect(() => start({ resources })).toThrow(TypeError);
  });

  it("a URI of another scheme is rejected, also of a tool that is added later", () => {
    const wrong = tool({ ui: { resourceUri: "https://a.example" } });
    expect(() => start({ tools: [wrong] })).toThrow("expected a URI that starts with ui://");
    const server = start({ tools: [] });
    expect(() => server.tools.add(wrong as never)).toThrow("expected a URI that starts with ui://");
    expect(() => mapOf({ uri: "https://a.example" })).toThrow("ui://");
  });

  it("URLs in scripts that no domain covers are warnings", () => {
    const onWarning = vi.fn();
    const script = `<script>fetch("https://api.example.com/x")</script>`;
    const map = mapOf({ resource: { html: page(script) } });
    createServer({
      name: "t",
      version: "1",
      tools: [map.tool],
      resources: [map.resource],
      extensions: [apps()],
      onWarning,
    });
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(
      "app show_map: csp.connectDomains: expected an entry that covers https://api.example.com/x",
    );
  });
});

describe("pages", () => {
  it.each([
    ["no document type", "<p>hi", /expected HTML that starts with <!doctype html>/],
    [
      "a script of a CDN",
      page(`<script src="https://cdn.example/x.js"></script>`),
      /csp\.resource/,
    ],
    ["a relative script", page(`<script src="./x.js"></script>`), /a page has no folder/],
    ["an image", page(`<img src='//cdn.example/x.png'>`), /resourceDomains/],
    [
      "one of a set of images",
      page(`<img srcset="https://a.example/1.png 1x">`),
      /resourceDomains/,
    ],
    ["a style", page(`<link rel="stylesheet" href="https://a.example/x.css">`), /resourceDomains/],
    ["a font", page(`<style>@font-face{src:url(https://a.example/f)}</style>`), /resourceDomains/],
    ["an import", page(`<style>@import "https://a.example/x.css"</style>`), /resourceDomains/],
    ["an attribute", page(`<p style="background:url('https://a.example/x.png')">`), /resourceDom/],
    ["a frame", page(`<iframe src="https://a.example"></iframe>`), /csp\.frameDomains/],
    ["a base", page(`<base href="https://a.example/">`), /csp\.baseUriDomains/],
    ["a size above the limit", `<!doctype html>${" ".repeat(8_388_608)}`, /at most 8388608 char/],
  ])("reject %s", (_what, text, message) => {
    expect(() => mapOf({ resource: { html: text } })).toThrow(message);
  });

  it.each([
    ["a link", `<a href="https://a.example">a</a>`],
    ["inline content", `<img src="data:image/gif;base64,R0lGOA=="><svg><use href="#a"/></svg>`],
    ["a comment", `<!-- <script src="https://a.example/x.js"></script> -->`],
    ["the text of a script", `<script>const a = '<img src="https://a.example">'</script>`],
  ])("accept %s", (_what, body) => {
    expect(() => mapOf({ resource: { html: page(body) } })).not.toThrow();
  });

  it("accept what the domains cover, also relative to the base", () => {
    const body = `<base href="https://a.example/app/"><script src="x.js"></script>`;
    const csp = {
      baseUriDomains: ["https://a.example"],
      resourceDomains: ["https://a.example/app/"],
    };
    expect(() => mapOf({ resource: { html: page(body) }, csp })).not.toThrow();
  });

  it.each(["https://a.example; frame-src *", "*", "'unsafe-eval'", "a.example"])(
    "reject the domain %s",
    (domain) => {
      expect(() => mapOf({ csp: { connectDomains: [domain] } })).toThrow(
        `app show_map: csp.connectDomains: ${domain}: expected an origin`,
      );
    },
  );

  it("reject options that are not known", () => {
    expect(() => mapOf({ cps: {} })).toThrow(
      /app show_map: cps: unknown option; did you mean "csp"/,
    );
    expect(() => mapOf({ permissions: { usb: true } })).toThrow(/usb: unknown option/);
    expect(() => mapOf({ resource: {} })).toThrow(
      /expected \{ html \}, \{ file \} or \{ bundle \}/,
    );
  });
});

describe("files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lutra-apps-"));
    mkdirSync(join(folder, "assets"));
    const index = `<!DOCTYPE html><html><head>
      <link rel="icon" href="/favicon.ico"><link rel="modulepreload" href="/assets/a.js">
      <link rel="stylesheet" href="./assets/a.css">
      <script type="module" crossorigin src="/assets/a.js"></script></head>
      <body><img alt="" src="assets/a.png"></body></html>`;
    writeFileSync(join(folder, "index.html"), index);
    writeFileSync(join(folder, "assets/a.js"), `document.title = "</script><!--";`);
    writeFileSync(join(folder, "assets/a.css"), "body { background: url(a.png) }");
    writeFileSync(join(folder, "assets/a.png"), Buffer.from("png"));
    writeFileSync(
      join(folder, "split.html"),
      `<!doctype html><script type="module" src="b.js"></script>`,
    );
    writeFileSync(join(folder, "b.js"), `import "./assets/a.js";`);
    writeFileSync(join(folder, "out.html"), `<!doctype html><script src="../x.js"></script>`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const textOf = async (resource: object) => {
    const map = mapOf({ resource });
    const { contents } = await ask(serverOf(map), "resources/read", { uri: map.uri });
    return (contents as { text: string }[])[0]?.text ?? "";
  };

  it("a file is read as it is, by URL or path", async () => {
    writeFileSync(join(folder, "one.html"), html);
    expect(await textOf({ file: join(folder, "one.html") })).toBe(html);
    expect(await textOf({ file: pathToFileURL(join(folder, "one.html")) })).toBe(html);
    expect(() => mapOf({ resource: { file: join(folder, "none.html") } })).toThrow(
      /cannot be read/,
    );
  });

  it("a bundle becomes one document", async () => {
    const text = await textOf({ bundle: pathToFileURL(join(folder, "index.html")) });
    const image = "data:image/png;base64,cG5n";
    expect(text).toContain(`<style>body { background: url("${image}") }</style>`);
    expect(text).toContain(`<script type="module">document.title = "<\\/script><\\!--";</script>`);
    expect(text).toContain(`<img alt="" src="${image}">`);
    expect(text).not.toMatch(/favicon|modulepreload/);
  });

  it("a bundle of several modules is rejected, and a file outside of its folder", () => {
    expect(() => mapOf({ resource: { bundle: join(folder, "split.html") } })).toThrow(
      /b\.js imports \.\/assets\/a\.js; build one file/,
    );
    expect(() => mapOf({ resource: { bundle: join(folder, "out.html") } })).toThrow(
      /\.\.\/x\.js: expected a file below/,
    );
  });
});
