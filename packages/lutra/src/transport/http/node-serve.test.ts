import { once } from "node:events";
import { createServer as createHttpServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createServer } from "../../server/create-server.ts";
import { defineTool } from "../../server/tools.ts";
import { refused } from "./fixtures/refused.ts";
import { type HttpEndpoint, type ServeHttpOptions, serveHttp } from "./node-serve.ts";

const open: HttpEndpoint[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ close }) => close())));

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

async function start(options: ServeHttpOptions = {}, handler: () => unknown = () => "") {
  const tool = defineTool({ name: "t", call: () => handler() as string });
  const server = createServer({ name: "test", version: "1", tools: [tool] });
  const endpoint = await serveHttp(server, { port: 0, drainMs: 100, ...options });
  open.push(endpoint);
  return endpoint;
}

function post(url: string, method: string, params: object = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...("name" in params && { "mcp-name": String(params.name) }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
}

describe("basic/transports/streamable-http#security-endpoint", () => {
  it("when running locally, servers SHOULD bind only to localhost", async () => {
    const { url, port } = await start();
    expect(url).toBe(`http://127.0.0.1:${port}/mcp`);
    expect((await post(url, "server/discover")).status).toBe(200);
  });

  it("provides a single endpoint path", async () => {
    const { url, port } = await start();
    for (const path of ["/", "/mcp/", "/mcpx", "/MCP", "/mcp/x", "/.well-known/x"]) {
      const answer = await post(`http://127.0.0.1:${port}${path}`, "server/discover");
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect((await post(`${url}?x=1`, "server/discover")).status).toBe(200);
    const other = await start({ path: "/tools/mcp" });
    expect(other.url).toMatch(/\/tools\/mcp$/);
    expect((await post(other.url, "server/discover")).status).toBe(200);
  });
});

describe("RFC 9112: a target in absolute form", () => {
  /** Sends a request whose target is `target`. Returns its status. */
  async function statusOf(port: number, target: string): Promise<number | undefined> {
    const options = { port, host: "127.0.0.1", path: target, method: "GET" };
    const [response] = (await once(get(options), "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  it.each([
    ["/mcp", 405],
    ["/mcp?a=/x", 405],
    ["http://localhost/mcp", 405],
    ["HTTP://localhost:80/mcp?a", 405],
    ["http://localhost", 404],
    ["http://localhost/x", 404],
    ["http://localhost?/mcp", 404],
    ["ftp://localhost/mcp", 404],
  ])("%s gets %d", async (target, status) => {
    const { port } = await start();
    expect(await statusOf(port, target)).toBe(status);
  });
});

describe("starting", () => {
  it("rejects when the port is in use", async () => {
    const taken = createHttpServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const { port } = taken.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({
      code: "EADDRINUSE",
      message: `port ${port} is in use; stop the other program, or choose another port with the option port`,
    });
    await new Promise((resolve) => taken.close(resolve));
  });

  it("rejects invalid options", async () => {
    await expect(start({ maxBodyBytes: 0 })).rejects.toThrow(TypeError);
    await expect(start({ path: "mcp" })).rejects.toThrow(TypeError);
  });

  it.each([
    ["0.0.0.0", "127.0.0.1"],
    ["::", "[::1]"],
  ])("on all addresses, %s, returns a URL that the server accepts", async (host, shown) => {
    const endpoint = await start({ host });
    expect(endpoint).toMatchObject({
      url: `http://${shown}:${endpoint.port}/mcp`,
      isLocal: false,
    });
    expect((await post(endpoint.url, "server/discover")).status).toBe(200);
  });

  it("puts an IPv6 address in brackets", async () => {
    const endpoint = await start({ host: "::1" });
    expect(endpoint.url).toBe(`http://[::1]:${endpoint.port}/mcp`);
    expect((await post(endpoint.url, "server/discover")).status).toBe(200);
  });
});

describe("closing", () => {
  it("waits for exchanges in flight and accepts no new ones", async () => {
    const begun = deferred();
    const go = deferred();
    const endpoint = await start({ drainMs: 60_000 }, async () => {
      begun.resolve();
      await go.promise;
      return "done";
    });
    const answer = post(endpoint.url, "tools/call", { name: "t" });
    await begun.promise;
    const closed = endpoint.close();
    await refused(endpoint.port);
    go.resolve();
    expect(JSON.stringify(await (await answer).json())).toContain("done");
    await closed;
  });

  it("basic/patterns/subscriptions#graceful-closure: ends subscriptions with their result", async () => {
    const endpoint = await start({ drainMs: 60_000 });
    const answer = await post(endpoint.url, "subscriptions/listen", { notifications: {} });
    const closed = endpoint.close();
    const text = await answer.text();
    expect(text).toContain("notifications/subscriptions/acknowledged");
    expect(text).toContain('"result":{"resultType":"complete"');
    await closed;
  });

  it("closes the remaining connections after drainMs", async () => {
    const begun = deferred();
    const endpoint = await start({ drainMs: 20 }, () => {
      begun.resolve();
      return new Promise(() => {});
    });
    const answer = post(endpoint.url, "tools/call", { name: "t" });
    answer.catch(() => {});
    await begun.promise;
    await endpoint.close();
    await expect(answer).rejects.toThrow();
  });

  it("reports the number of exchanges that it waits for, and nothing without any", async () => {
    const [begun, go, reported] = [deferred(), deferred(), deferred()];
    const reports: number[] = [];
    const onDrain = (requests: number) => {
      reports.push(requests);
      reported.resolve();
    };
    const waits = async () => {
      begun.resolve();
      await go.promise;
      return "done";
    };
    const busy = await start({ drainMs: 60_000, onDrain }, waits);
    const idle = await start({ onDrain: () => reports.push(-1) });
    // These connections stay open for the next request.
    await Promise.all([post(busy.url, "server/discover"), post(idle.url, "server/discover")]);
    const answer = post(busy.url, "tools/call", { name: "t" });
    await begun.promise;
    const closed = Promise.all([busy.close(), idle.close()]);
    await reported.promise;
    go.resolve();
    await answer;
    await closed;
    expect(reports).toEqual([1]);
  });

  it("may be called twice", async () => {
    const endpoint = await start();
    await Promise.all([endpoint.close(), endpoint.close()]);
    await endpoint.close();
    await expect(post(endpoint.url, "server/discover")).rejects.toThrow("fetch failed");
  });
});
