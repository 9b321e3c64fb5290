/** Sends single requests, for tests that check status, headers and messages. */
import { vi } from "vitest";

export interface Answer {
  readonly status: number;
  readonly replica: string | null;
  /** The response, or the last message of an event stream. */
  readonly body: {
    readonly result?: Record<string, unknown>;
    readonly error?: { readonly code: number; readonly message: string };
  };
}

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {
    elicitation: { form: {} },
    extensions: { "io.modelcontextprotocol/tasks": {} },
  },
};

/** Sends a request and returns the response without reading its body. */
export function send(
  url: string,
  method: string,
  params: Record<string, unknown> = {},
  init: RequestInit = {},
): Promise<Response> {
  const name = params.name ?? params.uri ?? params.taskId;
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
    ...init,
  });
}

/** Sends a request and reads the whole response. */
export async function ask(
  url: string,
  method: string,
  params?: Record<string, unknown>,
): Promise<Answer> {
  const response = await send(url, method, params);
  const { status, headers } = response;
  const text = await response.text();
  const last = [...text.matchAll(/^data: (.*)$/gm)].at(-1)?.[1] ?? text;
  const body = JSON.parse(last);
  return { status, replica: headers.get("x-lutra-replica"), body };
}

/** Calls a tool without arguments and reads the whole response. */
export function callTool(url: string, name: string, more: Record<string, unknown> = {}) {
  return ask(url, "tools/call", { name, arguments: {}, ...more });
}

/**
 * Resolves when three replicas take strict turns. During slow start, a replica that started later gets
 * fewer requests.
 */
export async function untilInTurn(url: string): Promise<void> {
  const turns = async () => {
    const met: (string | null)[] = [];
    for (let call = 0; call < 9; call += 1) met.push((await callTool(url, "pid")).replica);
    const isInTurn = met.every((replica, call) => call < 3 || replica === met[call - 3]);
    return isInTurn && new Set(met).size === 3;
  };
  await vi.waitUntil(turns, { timeout: 30_000, interval: 200 });
}

/** The messages of an event stream, one by one. */
export async function* messagesOf(response: Response): AsyncGenerator<Record<string, unknown>> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}
