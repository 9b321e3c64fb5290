import { type McpServer, ResourceTemplate } from "@modelcontextprotocol/server";
import { pixel } from "../../../examples/everything/media.ts";

export function addResources(server: McpServer): void {
  const plain = { mimeType: "text/plain" };
  server.registerResource("text", "test://static-text", plain, async ({ href }) => ({
    contents: [{ uri: href, ...plain, text: "never changes" }],
  }));
  const png = { mimeType: "image/png" };
  server.registerResource("binary", "test://static-binary", png, async ({ href }) => ({
    contents: [{ uri: href, ...png, blob: pixel }],
  }));
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("data", template, plain, async ({ href }, { id }) => ({
    contents: [{ uri: href, ...plain, text: `data of ${id}` }],
  }));
}
