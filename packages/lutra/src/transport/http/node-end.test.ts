import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { endWithText } from "./node-end.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** Sends requests on one connection, and returns all bytes of the responses. */
async function ask(answer: (res: ServerResponse) => void, requests = 1): Promise<string> {
  server = createServer((_req, res) => answer(res));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  const rest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(requests - 1);
  socket.write(`${rest}GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket.setEncoding("utf8")) text += chunk;
  return text;
}

const headOf = (text: string) => ({ "content-length": Buffer.byteLength(text) });

it("sends head and body with one write", async () => {
  const writes = { one: vi.fn(), several: vi.fn() };
  const text = await ask((res) => {
    const socket = res.socket as unknown as Record<
      "_write" | "_writev",
      (...args: unknown[]) => void
    >;
    const { _write, _writev } = socket;
    socket._write = function (...args) {
      writes.one();
      _write.apply(this, args);
    };
    socket._writev = function (...args) {
      writes.several();
      _writev.apply(this, args);
    };
    res.writeHead(200, headOf("grün"));
    endWithText(res, "grün", "utf8");
  });
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-length: 5\r\n.*\r\n\r\ngrün$/s);
  expect(writes.one).toHaveBeenCalledTimes(1);
  expect(writes.several).not.toHaveBeenCalled();
});

it("sends a head without a body", async () => {
  const text = await ask((res) => {
    res.writeHead(202, headOf(""));
    endWithText(res, "", "latin1");
  });
  expect(text).toMatch(/^HTTP\/1\.1 202 Accepted\r\ncontent-length: 0\r\n.*\r\n\r\n$/s);
});

it("keeps the order of responses to pipelined requests", async () => {
  let held: ServerResponse | undefined;
  const end = (res: ServerResponse, text: string) => {
    res.writeHead(200, headOf(text));
    endWithText(res, text, "latin1");
  };
  const text = await ask((res) => {
    if (held === undefined) held = res;
    else {
      end(res, "second");
      end(held, "first");
    }
  }, 2);
  expect(text.match(/first|second/g)).toEqual(["first", "second"]);
});
