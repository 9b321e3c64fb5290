/** Starts `examples/everything/server.ts` in the ways in which it can be served. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createFetchHandler, type FetchHandler } from "lutra/http";
import { root, specVersion } from "./suite.ts";

export const fixture: string = join(root, "examples/everything/server.ts");
const program = join(root, "packages/cli/bin/lutra.js");

export interface Fixture {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** One process: `lutra serve`. */
export function startServe(): Promise<Fixture> {
  return startProgram(["serve", fixture, "--port", "0"]);
}

/** One process that serves the current revision alone. */
export function startModern(): Promise<Fixture> {
  return startProgram(["serve", fixture, "--port", "0", "--protocol-version", specVersion]);
}

/** Several processes, each request to the next of them: `lutra up`. */
export function startFleet(replicas: number): Promise<Fixture> {
  return startProgram(["up", fixture, "--replicas", String(replicas), "--port", "0"]);
}

/** The fetch handler, in this process, under the smallest adapter for `node:http`. */
export async function startFetch(): Promise<Fixture> {
  const { default: server } = await import("../../examples/everything/server.ts");
  const handler = createFetchHandler(server, { allowedHosts: ["localhost"] });
  const http = createServer((req, res) => void answer(handler, req, res));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/mcp`,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Runs `lutra` until it says where it listens. */
export async function startProgram(args: readonly string[]): Promise<Fixture> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { url: await listeningAt(child), close: () => stop(child) };
}

function listeningAt(child: ChildProcess): Promise<string> {
  let output = "";
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const port = /listening on http:\/\/\S+:(\d+)\/mcp/.exec(output)?.[1];
      // The suite's check against DNS rebinding wants a local name.
      if (port !== undefined) resolve(`http://localhost:${port}/mcp`);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`lutra exited with ${code}:\n${output}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await closed;
}

async function answer(
  handler: FetchHandler,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  res.once("close", () => gone.abort());
  const hasBody = req.method !== "GET" && req.method !== "HEAD";
  const response = await handler(
    new Request(`http://${req.headers.host}${req.url}`, {
      method: req.method ?? "GET",
      headers: Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
      body: hasBody ? (Readable.toWeb(req) as ReadableStream) : null,
      duplex: "half",
      signal: gone.signal,
    } as RequestInit),
  );
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) res.end();
  else
    Readable.fromWeb(response.body as never)
      .on("error", () => res.destroy())
      .pipe(res);
}
