/** A server whose tools and files a gateway denies, which records everything that reaches it. */
import { type HttpEndpoint, serveHttp } from "lutra/node";
import { createServer, defineResourceTemplate, defineTool } from "lutra/server";

export interface NamesUpstream {
  readonly url: string;
  /** The names of the tools that ran, and the URIs that were read. */
  readonly ran: string[];
  readonly close: () => Promise<void>;
}

/** Starts a server with these tools, and with all files. */
export async function startNamesUpstream(
  name: string,
  tools: readonly string[],
): Promise<NamesUpstream> {
  const ran: string[] = [];
  const server = createServer({
    name,
    version: "1.0.0",
    tools: tools.map((tool) =>
      defineTool({
        name: tool,
        call: () => {
          ran.push(tool);
          return tool;
        },
      }),
    ),
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "file:///{+path}",
        name: "files",
        read: ({ path }) => {
          ran.push(`file:///${path}`);
          return "content";
        },
      }),
    ],
  });
  const endpoint: HttpEndpoint = await serveHttp(server, { port: 0 });
  return {
    url: endpoint.url,
    ran,
    close: async () => {
      await endpoint.close();
      await server.close();
    },
  };
}
