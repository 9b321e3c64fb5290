/** The requests that the bench sends, as the bytes that go over the wire. */

export interface Exchange {
  readonly request: Buffer;
  /** Throws when the body is not the expected answer. */
  readonly check: (body: string) => void;
}

const version = "2026-07-28";
const _meta = {
  "io.modelcontextprotocol/protocolVersion": version,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

interface Answer {
  readonly id: number;
  readonly result: {
    readonly content: readonly [{ readonly text: string }];
    readonly tools: readonly unknown[];
  };
}

/**
 * Returns calls of `add`, or of tools that do the same in turn, with different numbers. All answers
 * have the same length.
 */
export function toolCalls(
  port: number,
  names: readonly string[] = ["add"],
  headers: readonly string[] = [],
): readonly Exchange[] {
  return additions(({ id, a, b }, index) => {
    const name = names[index % names.length] as string;
    const params = { name, arguments: { a, b }, _meta };
    const body = { jsonrpc: "2.0", id, method: "tools/call", params };
    return requestOf(port, body, [...modern("tools/call", name), ...headers]);
  });
}

/** Returns calls of `add` in the session of a client of revision 2025-11-25. */
export function sessionCalls(port: number, session: string): readonly Exchange[] {
  const headers = ["MCP-Protocol-Version: 2025-11-25", `Mcp-Session-Id: ${session}`];
  return additions(({ id, a, b }) => {
    const params = { name: "add", arguments: { a, b } };
    return requestOf(port, { jsonrpc: "2.0", id, method: "tools/call", params }, headers);
  });
}

interface Addition {
  readonly id: number;
  readonly a: number;
  readonly b: number;
}

function additions(create: (addition: Addition, index: number) => Buffer): readonly Exchange[] {
  return Array.from({ length: 64 }, (_, index) => {
    const [id, a, b] = [1000 + index, 100 + 3 * index, 200 + index];
    const check = checkOf(id, ({ result }) => {
      const [{ text }] = result.content;
      if (text !== String(a + b)) throw new Error(`${a} + ${b}: got ${text}`);
    });
    return { request: create({ id, a, b }, index), check };
  });
}

/** Returns requests for the list of `count` tools. */
export function toolLists(port: number, count: number): readonly Exchange[] {
  return Array.from({ length: 16 }, (_, index) => {
    const id = 1000 + index;
    const body = { jsonrpc: "2.0", id, method: "tools/list", params: { _meta } };
    const check = checkOf(id, ({ result }) => {
      if (result.tools.length !== count) throw new Error(`got ${result.tools.length} tools`);
    });
    return { request: requestOf(port, body, modern("tools/list")), check };
  });
}

function modern(method: string, name?: string): readonly string[] {
  const named = name === undefined ? [] : [`Mcp-Name: ${name}`];
  return [`MCP-Protocol-Version: ${version}`, `Mcp-Method: ${method}`, ...named];
}

function requestOf(port: number, message: object, headers: readonly string[]): Buffer {
  const body = JSON.stringify(message);
  const head = [
    "POST /mcp HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function checkOf(id: number, checkAnswer: (answer: Answer) => void): Exchange["check"] {
  return (text) => {
    const answer = JSON.parse(text) as Answer;
    if (answer.id !== id) throw new Error(`id ${id}: got ${text.slice(0, 200)}`);
    checkAnswer(answer);
  };
}
