import { describe, expect, it } from "vitest";
import { createClient } from "../../client/node.ts";
import type { ResourceContents } from "../../protocol/resource-contents.ts";
import { createServer } from "../../server/create-server.ts";
import { defineResource } from "../../server/resources.ts";
import { readAppPage, showApps, toolsForModel } from "./show-apps.ts";

const uri = "ui://maps/map";
const mimeType = "text/html;profile=mcp-app";
const page = { uri, mimeType, text: "<p>map</p>" };

function clientOf(
  contents: readonly ResourceContents[],
  _meta?: { readonly [key: string]: unknown },
) {
  const map = defineResource({ uri, name: "map", ...(_meta && { _meta }), read: () => contents });
  const server = createServer({ name: "maps", version: "1.0.0", resources: [map] });
  return createClient(server, { extensions: [showApps()] });
}

describe("the page of an app", () => {
  it.each([
    ["text", page],
    ["base64", { uri, mimeType, blob: btoa("<p>map</p>") }],
  ])("is read as %s", async (_, contents) => {
    const client = clientOf([contents]);
    expect(await readAppPage(client, uri)).toEqual({ uri, html: "<p>map</p>", meta: {} });
  });

  it("asks for what is in its contents, or else in the list", async () => {
    const listed = { ui: { prefersBorder: true, csp: { connectDomains: ["https://a.example"] } } };
    const own = { ...page, _meta: { ui: { prefersBorder: false } } };
    expect((await readAppPage(clientOf([own], listed), uri)).meta).toEqual({
      prefersBorder: false,
    });
    expect((await readAppPage(clientOf([page], listed), uri)).meta).toEqual(listed.ui);
  });

  it.each([
    ["of another type", [{ ...page, mimeType: "text/html" }], "expected the type"],
    ["of several parts", [page, page], "expected one page"],
  ])("is refused with contents %s", async (_, contents, message) => {
    await expect(readAppPage(clientOf(contents), uri)).rejects.toThrow(message);
  });

  it("is refused when it is not base64", async () => {
    const contents = [{ uri, mimeType, blob: "%" }];
    const client = { ...clientOf([page]), readResource: async () => ({ contents }) } as never;
    await expect(readAppPage(client, uri)).rejects.toThrow("expected base64");
  });

  it("is refused at another URI", async () => {
    const read = readAppPage(clientOf([page]), "https://a.example");
    await expect(read).rejects.toThrow("expected a ui:// URI");
  });
});

describe("a host", () => {
  it("declares that it shows apps", () => {
    expect(showApps()).toEqual({
      id: "io.modelcontextprotocol/ui",
      settings: { mimeTypes: [mimeType] },
    });
  });

  it("shows a model only the tools for it", () => {
    const named = (name: string, visibility?: readonly string[]) => ({
      name,
      inputSchema: {},
      ...(visibility && { _meta: { ui: { visibility } } }),
    });
    const tools = [
      named("both"),
      named("app", ["app"]),
      named("model", ["model"]),
      named("none", []),
    ];
    expect(toolsForModel(tools).map(({ name }) => name)).toEqual(["both", "model"]);
  });
});
