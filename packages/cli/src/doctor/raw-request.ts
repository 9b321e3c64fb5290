/** Single requests to an endpoint, and their responses without interpretation. */
import { latestVersion, metaKeys } from "lutra/protocol";
import { version } from "../own-version.ts";

export interface Endpoint {
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  /** Maximum time for a response, in milliseconds. */
  readonly timeoutMs: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON-RPC message, or undefined for another body. */
  readonly message: RawMessage | undefined;
  /** The time of this machine in the middle of the exchange, in milliseconds since 1970. */
  readonly at: number;
  readonly ms: number;
}

interface RawMessage {
  readonly result?: { readonly [name: string]: unknown };
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const clientInfo = { name: "lutra-doctor", version };

/** Opens a request of the current revision. Redirects are not followed: they lose the body. */
export function send(
  { url, headers }: Endpoint,
  method: string,
  { params = {}, signal }: { readonly params?: object; readonly signal: AbortSignal },
): Promise<Response> {
  const _meta = {
    [metaKeys.protocolVersion]: latestVersion,
    [metaKeys.clientInfo]: clientInfo,
    [metaKeys.clientCapabilities]: {},
  };
  return post(
    url,
    { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } },
    {
      signal,
      headers: { "mcp-protocol-version": latestVersion, "mcp-method": method, ...headers },
    },
  );
}

/** Sends a request of the current revision, and reads its response. */
export function ask(endpoint: Endpoint, method: string): Promise<RawAnswer> {
  return answerOf((signal) => send(endpoint, method, { signal }), endpoint);
}

/** Sends the request with which clients of earlier revisions begin. */
export function askToInitialize(endpoint: Endpoint): Promise<RawAnswer> {
  const { url, headers } = endpoint;
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const message = { jsonrpc: "2.0", id: 1, method: "initialize", params };
  return answerOf((signal) => post(url, message, { signal, headers }), endpoint);
}

interface PostOptions {
  readonly headers: { readonly [name: string]: string };
  readonly signal: AbortSignal;
}

function post(url: URL, message: object, { headers, signal }: PostOptions): Promise<Response> {
  return fetch(url, {
    method: "POST",
    redirect: "manual",
    signal,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(message),
  });
}

async function answerOf(
  open: (signal: AbortSignal) => Promise<Response>,
  { timeoutMs }: Endpoint,
): Promise<RawAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const since = performance.now();
  const started = Date.now();
  const response = await open(signal);
  const at = (started + Date.now()) / 2;
  const text = await textOf(response);
  const { status, headers } = response;
  return { status, headers, message: messageIn(text), at, ms: performance.now() - since };
}

/** Maximum part of a response that is read, in bytes. */
const maxBytes = 1_048_576;

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the rest.
    if (text.length > maxBytes) break;
  }
  return text;
}

/** Returns the message in JSON, or the last one of an event stream. */
function messageIn(text: string): RawMessage | undefined {
  const data = [...text.matchAll(/^data: ?(\{.*)$/gm)].at(-1)?.[1] ?? text;
  try {
    const value: unknown = JSON.parse(data);
    const isMessage = typeof value === "object" && value !== null && "jsonrpc" in value;
    return isMessage ? (value as RawMessage) : undefined;
  } catch {
    return undefined;
  }
}
