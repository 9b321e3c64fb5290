/** Responses of an upstream whose head can't be read. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { after, send, startFront } from "./fixtures/front.ts";

/** Starts a server that answers every request with these bytes. */
async function startRaw(answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(answer));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

const body = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
const heads: readonly (readonly [string, string])[] = [
  ["headers of more than 16 kB", `HTTP/1.1 200 OK\r\nX: ${"y".repeat(20_000)}\r\n${body}`],
  ["a header without a colon", `HTTP/1.1 200 OK\r\nbroken\r\n${body}`],
  ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
  ["100 Continue without Expect", `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${body}`],
];

it.each(heads)(
  "answers 502 to %s, with the warning that the request may have run",
  async (_what, head) => {
    const front = await startFront([await startRaw(head)]);
    const answer = await send(front, "tools/call", { headers: { "mcp-name": "pay" } });
    expect(answer.status).toBe(502);
    const { error } = JSON.parse(answer.body);
    expect(error.message).toBe(
      "The head of the upstream's response is malformed or too large; the request may have run",
    );
    expect(front.records[0]?.reason).toBe("malformed-head");
  },
);

it("does not blame the head for a truncated body", async () => {
  const begun = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
  const front = await startFront([await startRaw(begun)]);
  await expect(send(front, "tools/call", { headers: { "mcp-name": "pay" } })).rejects.toThrow();
  expect(front.records[0]?.reason).toBe("broken");
});
