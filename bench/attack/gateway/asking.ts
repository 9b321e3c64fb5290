/** Requests of clients, beside an attack. */
import { encodeHeaderValue } from "lutra/protocol";
import { headersOf, type RequestHead } from "../attack-request.ts";

export interface Asked {
  /** 0 if the connection broke. */
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

export interface Asking {
  /** Further members of the parameters, as JSON. */
  readonly members?: string;
  /** Further members of `_meta`, as JSON. */
  readonly meta?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly signal?: AbortSignal;
}

const protocolMeta =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';

/** Opens a request. The response may still arrive. */
export function open(
  url: string,
  head: RequestHead,
  { members, meta, headers, signal = AbortSignal.timeout(30_000) }: Asking = {},
): Promise<Response> {
  const { method, name } = head;
  const field = method === "resources/read" ? "uri" : "name";
  const params = [
    ...(name === undefined ? [] : [`"${field}":${JSON.stringify(name)}`]),
    ...(members === undefined ? [] : [members]),
    `"_meta":{${[protocolMeta, ...(meta === undefined ? [] : [meta])].join(",")}}`,
  ];
  return fetch(url, {
    method: "POST",
    headers: {
      ...headersOf({ method }),
      ...(name !== undefined && { "mcp-name": encodeHeaderValue(name) }),
      ...headers,
    },
    body: `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params.join(",")}}}`,
    signal,
  });
}

/** Sends one request and reads its response. */
export async function ask(url: string, head: RequestHead, asking?: Asking): Promise<Asked> {
  const startedAt = performance.now();
  const passed = () => performance.now() - startedAt;
  try {
    const response = await open(url, head, asking);
    const text = await response.text();
    return { status: response.status, text, ms: passed() };
  } catch (error) {
    return { status: 0, text: String((error as Error).cause ?? error), ms: passed() };
  }
}

export const call = (name: string): RequestHead => ({ method: "tools/call", name });
export const read = (uri: string): RequestHead => ({ method: "resources/read", name: uri });
export const list: RequestHead = { method: "tools/list" };

/** A client that calls a tool, one call after the other, while others attack. */
export interface Victim {
  /** Ends the calls. Resolves to their outcome. */
  readonly stop: () => Promise<VictimReport>;
}

interface VictimReport {
  readonly statuses: readonly number[];
  readonly slowestMs: number;
}

/** The pause between two calls of a victim, in milliseconds. */
const pauseMs = 20;

export function startVictim(url: string, tool: string): Victim {
  const statuses: number[] = [];
  let slowestMs = 0;
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const { status, ms } = await ask(url, call(tool));
      statuses.push(status);
      slowestMs = Math.max(slowestMs, ms);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return { statuses, slowestMs };
    },
  };
}
