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
export function toolCalls(port: number, names: readonly string[] = ["add"]): readonly Exchange[] {
  return Array.from({ length: 64 }, (_, index) => {
    const [id, a, b] = [1000 + index, 100 + 3 * index, 200 + index];
    const name = names[index % names.length] as string;
    return exchange(port, id, "tools/call", { name, arguments: { a, b } }, ({ result }) => {
      const [{ text }] = result.content;
      if (text !== String(a + b)) throw new Error(`${a} + ${b}: got ${text}`);
    });
  });
}

/** Returns requests for the list of `count` tools. */
export function toolLists(port: number, count: number): readonly Exchange[] {
  return Array.from({ length: 16 }, (_, index) =>
    exchange(port, 1000 + index, "tools/list", {}, ({ result }) => {
      if (result.tools.length !== count) throw new Error(`got ${result.tools.length} tools`);
    }),
  );
}

function exchange(
  port: number,
  id: number,
  method: string,
  params: { readonly name?: string; readonly [name: string]: unknown },
  checkAnswer: (answer: Answer) => void,
): Exchange {
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
  const head = [
    "POST /mcp HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    `MCP-Protocol-Version: ${version}`,
    `Mcp-Method: ${method}`,
    ...(params.name === undefined ? [] : [`Mcp-Name: ${params.name}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return {
    request: Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`),
    check: (text) => {
      const answer = JSON.parse(text) as Answer;
      if (answer.id !== id) throw new Error(`id ${id}: got ${text.slice(0, 200)}`);
      checkAnswer(answer);
    },
  };
}
