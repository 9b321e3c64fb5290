/** Answers that no server should send. */
import { type HostileAnswer, jsonResponse } from "./hostile-upstream.ts";

const resultOf = (id: string) =>
  `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[]}}`;

const bytes = (text: (id: string) => string): HostileAnswer => {
  return (socket, id) => socket.end(Buffer.from(text(id), "latin1"));
};
const json = (body: (id: string) => string): HostileAnswer => {
  return bytes((id) => jsonResponse(body(id)));
};
const head = (...lines: readonly string[]): HostileAnswer => {
  return bytes((id) => jsonResponse(resultOf(id), { lines: [...lines] }));
};
const status = (line: string): HostileAnswer => {
  return bytes((id) => jsonResponse(resultOf(id), { status: line }));
};
const stream = (events: (id: string) => string): HostileAnswer => {
  return bytes((id) => `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${events(id)}`);
};
const html = "<html>internal</html>";
const event = (data: string) => `data: ${data}\n\n`;
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

/** Each group, with its answers. */
export const hostileAnswers: { readonly [group: string]: readonly HostileAnswer[] } = {
  "broken HTTP": [
    bytes(() => "SSH-2.0-x\r\n"),
    bytes(() => ""),
    bytes(() => "HTTP/1.1 200 OK\r\n"),
    bytes(() => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    bytes(() => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
    bytes(() => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    bytes((id) => jsonResponse(resultOf(id)) + jsonResponse(resultOf('"poison"'))),
    head("Transfer-Encoding: chunked"),
    head("Content-Length: 3"),
    head("X: a\u0001b"),
    head("X: a\0b"),
    head("X:\r\n folded"),
    head(`X: ${"x".repeat(20_000)}`),
    (socket, id) => {
      socket.write("HTTP/1.1 100 Continue\r\n\r\n".repeat(5));
      socket.end(jsonResponse(resultOf(id)));
    },
  ],
  "wrong statuses": [
    status("999 Odd"),
    status("099 Odd"),
    status("101 Switching Protocols"),
    status("204 No Content"),
    status("304 Not Modified"),
    bytes(() =>
      jsonResponse(html, { status: "302 Found", lines: ["Location: http://10.0.0.1/internal"] }),
    ),
    bytes(() => jsonResponse(html, { status: "503 Busy", lines: ["Retry-After: 99999999999"] })),
    bytes(() => jsonResponse(html, { status: "500 Internal" })),
  ],
  "wrong messages": [
    json(() => html),
    json(() => ""),
    json(() => "[]"),
    json(() => "null"),
    json(resultOf.bind(undefined, '"other"')),
    json(() => '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"x"}}'),
    json((id) => `{"jsonrpc":"2.0","id":${id},"result":7}`),
    json((id) => `{"jsonrpc":"2.0","id":${id},"result":${nested(20_000)}}`),
    json((id) => `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","x":"\xff"}}`),
    json((id) => `{"jsonrpc":"2.0","id":${id},"error":{"code":"x","message":5}}`),
  ],
  "wrong streams": [
    stream(() => ""),
    stream(() => event("{}")),
    stream(() => event(resultOf('"other"'))),
    stream((id) => event(resultOf(id)) + event(resultOf(id))),
    stream(() => event('{"jsonrpc":"2.0","method":"notifications/x"}').repeat(20_000)),
    stream((id) => `data: ${"x".repeat(2_000_000)}\n\n${event(resultOf(id))}`),
    stream(() => ":\n".repeat(1_000_000)),
    stream((id) => event(resultOf(id)).replaceAll("\n", "\r")),
  ],
};
