/**
 * The HTTP client transport for platforms with `fetch`, such as browsers and edge runtimes.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */

import type { RequestContext, Transport } from "../../protocol/exchange.ts";
import { encodeJSON } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { OpenSet } from "../../protocol/open-entries.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { abortError } from "../../time/abort.ts";
import type { HttpClient, HttpTransportOptions } from "./client.ts";
import { lingerMs, requestHeaders, userHeaders, withDefaults } from "./client.ts";
import { ResponseReader } from "./client-response.ts";

type Stream = ReadableStreamDefaultReader<Uint8Array>;

/** Creates a transport to an MCP endpoint. It does not follow redirects. */
export function createHttpTransport(
  url: string | URL,
  options: HttpTransportOptions = {},
): Transport {
  const client = withDefaults(url, options);
  const open = new OpenSet<AbortController>();
  let isClosed = false;

  async function serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    if (isClosed) throw closedError();
    if (context.signal.aborted) throw abortError(context.signal);
    // The exchange ends when the caller aborts, and when the transport is closed.
    const controller = new AbortController();
    const onAbort = () => controller.abort(abortError(context.signal));
    context.signal.addEventListener("abort", onAbort);
    const entry = open.add(controller);
    try {
      return await exchange(client, { request, context, signal: controller.signal });
    } catch (error) {
      const failure = controller.signal.aborted ? abortError(controller.signal) : error;
      controller.abort(failure);
      throw failure;
    } finally {
      context.signal.removeEventListener("abort", onAbort);
      open.delete(entry);
    }
  }

  return {
    mirrorsHeaders: true,
    serve,
    close: async () => {
      isClosed = true;
      for (const controller of open) controller.abort(closedError());
    },
  };
}

interface Exchange {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly signal: AbortSignal;
}

async function exchange(client: HttpClient, { request, context, signal }: Exchange) {
  const headers = pairs(requestHeaders(client, request, context));
  if (client.dynamicHeaders !== undefined) {
    headers.push(...pairs(userHeaders(await client.dynamicHeaders())));
  }
  const send = client.fetch ?? fetch;
  const body = encodeJSON(request);
  const reader = new ResponseReader(request.id, context.notify, client);
  const response = await send(client.url.href, {
    method: "POST",
    headers,
    body,
    signal,
    redirect: "manual",
  }).catch((cause) => {
    throw reader.connectionError(cause);
  });
  reader.start(response.status, (name) => response.headers.get(name));
  const stream: Stream | undefined = response.body?.getReader();
  return stream === undefined ? reader.end() : readBody(stream, reader);
}

async function readBody(stream: Stream, reader: ResponseReader): Promise<Result> {
  for (;;) {
    const { done, value } = await stream.read().catch((cause) => {
      throw reader.connectionError(cause);
    });
    if (done) return reader.end();
    const wait = reader.read(value);
    if (reader.result !== undefined) {
      linger(stream);
      return reader.result;
    }
    if (wait !== undefined) await wait;
  }
}

/** Waits a moment for a stream to end after its response, so that its connection can be reused. */
function linger(stream: Stream): void {
  const cancel = () => void stream.cancel().catch(() => {});
  const timer = setTimeout(cancel, lingerMs);
  stream.read().then(
    ({ done }) => {
      clearTimeout(timer);
      if (!done) cancel();
    },
    () => clearTimeout(timer),
  );
}

function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) result.push([flat[i] as string, flat[i + 1] as string]);
  return result;
}

function closedError(): TransportError {
  return new TransportError("closed", "The transport was closed");
}
