/** A server behind a gateway under test. It records everything that reaches it. */
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeHandler } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import * as z from "zod";

export interface RecordingUpstream {
  readonly name: string;
  readonly url: string;
  /** Notifies subscribers that its list of tools has changed. */
  readonly changeTools: () => void;
  /** Every byte that arrived on any connection, as Latin-1. */
  readonly received: () => string;
  /** The name of the tool of each call. */
  readonly calls: readonly string[];
  /** Resolves when the first call of `hold` has begun. */
  readonly held: () => Promise<void>;
  /** Resolves when the first call of `hold` was cancelled. */
  readonly cancelled: () => Promise<void>;
  /** Lets every call of `hold` return. */
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Starts a server in this process. All tools answer with its name. `echo` adds its text, `locate`
 * adds a mirrored argument, and `hold` waits for `release`.
 */
export async function startRecordingUpstream(name: string, port = 0): Promise<RecordingUpstream> {
  const chunks: string[] = [];
  const calls: string[] = [];
  const holding = createHold();
  const tools = toolsOf(name, calls, holding);
  const server = createServer({ name, version: "1.0.0", tools });
  const handler = createNodeHandler(server);
  const http = createHttpServer((req: IncomingMessage, res) => void handler(req, res));
  http.on("connection", (socket) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk.toString("latin1")));
  });
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, "127.0.0.1", resolve);
  });
  const { port: actual } = http.address() as AddressInfo;
  return {
    name,
    url: `http://127.0.0.1:${actual}/mcp`,
    changeTools: () => server.tools.replace(tools),
    received: () => chunks.join(""),
    calls,
    held: holding.held,
    cancelled: holding.cancelled,
    release: holding.release,
    close: async () => {
      holding.release();
      await server.close();
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      await closed;
    },
  };
}

interface Hold {
  readonly begin: (signal: AbortSignal) => Promise<void>;
  readonly held: () => Promise<void>;
  readonly cancelled: () => Promise<void>;
  readonly release: () => void;
}

function createHold(): Hold {
  const waiting = new Set<() => void>();
  const [held, begin] = createEvent();
  const [cancelled, cancel] = createEvent();
  return {
    begin: (signal) => {
      const done = new Promise<void>((resolve) => waiting.add(resolve));
      signal.addEventListener("abort", cancel);
      begin();
      return done;
    },
    held: () => held,
    cancelled: () => cancelled,
    release: () => {
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
  };
}

/** A promise and its resolver. */
function createEvent(): readonly [happened: Promise<void>, happen: () => void] {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => {
    happen = resolve;
  });
  return [happened, happen];
}

function toolsOf(name: string, calls: string[], holding: Hold) {
  const readOnly = { annotations: { readOnlyHint: true } };
  return [
    defineTool({
      name: "who",
      description: "Says which upstream answers",
      ...readOnly,
      call: () => {
        calls.push("who");
        return name;
      },
    }),
    defineTool({
      name: "echo",
      description: "Echoes",
      inputSchema: z.object({ text: z.string() }),
      call: ({ text }) => {
        calls.push("echo");
        return `${name}: ${text}`;
      },
    }),
    defineTool({
      name: "locate",
      description: "Mirrors its argument",
      inputSchema: z.object({ country: z.string().meta({ "x-mcp-header": "Country" }) }),
      call: ({ country }) => {
        calls.push("locate");
        return `${name}: ${country}`;
      },
    }),
    defineTool({
      name: "hold",
      description: "Answers when it is told to",
      call: async (_args, { signal }) => {
        calls.push("hold");
        await holding.begin(signal);
        return `${name}: held`;
      },
    }),
  ];
}
