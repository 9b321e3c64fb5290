/** An upstream that answers calls with the bytes of a case, and everything else as a server does. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** Writes the response to the request with this id. May keep the connection open. */
export type HostileAnswer = (socket: Socket, id: string) => void;

export interface HostileUpstream {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Starts the upstream. Calls of `hostile` get the answer; calls of other tools get a result. */
export async function startHostileUpstream(answer: HostileAnswer): Promise<HostileUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The gateway resets connections with malformed answers.
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let request = takeRequest(text); request !== undefined; request = takeRequest(text)) {
        text = request.rest;
        respond(socket, request.body, answer);
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Returns the body of the first request, and what follows it. */
function takeRequest(text: string): { readonly body: string; readonly rest: string } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  if (!head.startsWith("POST ")) return { body: "", rest: body };
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    const size = Number(length);
    return body.length < size ? undefined : { body: body.slice(0, size), rest: body.slice(size) };
  }
  const chunks = /^([0-9a-f]+)\r\n/i.exec(body);
  const last = body.indexOf("0\r\n\r\n");
  if (chunks === null || last === -1) return undefined;
  const start = chunks[0].length;
  const size = Number.parseInt(chunks[1] ?? "0", 16);
  return { body: body.slice(start, start + size), rest: body.slice(last + 5) };
}

function respond(socket: Socket, body: string, answer: HostileAnswer): void {
  const { id, method, params } = JSON.parse(body || "{}") as {
    id?: unknown;
    method?: string;
    params?: { name?: string };
  };
  if (id === undefined || method === undefined) {
    // Sessions of earlier revisions also send notifications, GET and DELETE.
    socket.write(jsonResponse("", { status: body === "" ? "405 No" : "202 Accepted" }));
    return;
  }
  const ownId = JSON.stringify(id);
  if (params?.name === "hostile") {
    answer(socket, ownId);
    return;
  }
  const tools = ["hostile", "next"].map((name) => ({ name, inputSchema: { type: "object" } }));
  const results: { readonly [method: string]: object } = {
    initialize: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "hostile", version: "1" },
    },
    "server/discover": { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
    "tools/list": { tools, ttlMs: 0, cacheScope: "private" },
    "tools/call": { content: [{ type: "text", text: "right" }] },
  };
  const result = JSON.stringify({ resultType: "complete", ...results[method] });
  socket.write(jsonResponse(`{"jsonrpc":"2.0","id":${ownId},"result":${result}}`));
}

/** Returns a response with this body. */
export function jsonResponse(
  body: string,
  { status = "200 OK", lines = [] as string[] } = {},
): string {
  const head = [
    `HTTP/1.1 ${status}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...lines,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
