/** Requests of legacy clients in fetch handlers. */
import { encodeError } from "../../protocol/json-rpc.ts";

import { FetchEventStream } from "./fetch-event-stream.ts";
import type { FetchExchangeOptions } from "./fetch-exchange.ts";
import { jsonResponse } from "./fetch-exchange.ts";
import {
  type LegacyExchange,
  LegacyHook,
  type LegacyServed,
  type LegacySupport,
} from "./legacy-hook.ts";
import {
  errorHeaders,
  type HttpRules,
  type ReadHeader,
  type Refusal,
  toProtocolError,
} from "./rules.ts";

type Parts = Pick<FetchExchangeOptions, "http" | "header" | "cors">;

/** The requests of legacy clients in one fetch handler. */
interface FetchLegacy {
  /** Returns true for a posted message of a legacy client. */
  readonly takes: (header: ReadHeader, received: unknown, target: string) => boolean;
  /** Answers a POST that it takes. */
  readonly post: (received: unknown, parts: FetchExchangeOptions) => Promise<Response>;
  /** Answers a GET or DELETE of a session, for which `refusal` was the answer. Else returns undefined. */
  readonly session: (refusal: Refusal, parts: Parts) => Promise<Response> | undefined;
}

/** Creates the hook of one handler. */
export interface FetchLegacyHook {
  /** The legacy versions that are served, the newest first. */
  readonly versions: readonly string[];
  readonly create: (server: LegacyServed, rules: HttpRules) => FetchLegacy;
}

/** Returns the hook for legacy clients, or undefined if there is no support for them. */
export function fetchLegacyHook(support: LegacySupport | undefined): FetchLegacyHook | undefined {
  if (support === undefined) return undefined;
  const create: FetchLegacyHook["create"] = (server, rules) => {
    const legacy = new LegacyHook(server, rules, support);

    async function answerSession(parts: Parts): Promise<Response> {
      const { http, header, cors } = parts;
      try {
        const principal =
          rules.authenticate && (await rules.authenticate(header, { httpMethod: http.method }));
        const endpoint = await legacy.endpoint();
        const all = { ...parts, rules, principal, address: rules.addressOf?.(header) };
        const answer = http.method === "GET" ? endpoint.get : endpoint.delete;
        return await answered(all, async (exchange) => answer.call(endpoint, exchange));
      } catch (thrown) {
        const error = toProtocolError(thrown, rules);
        const json = encodeError(undefined, error);
        return jsonResponse(json, error.status, errorHeaders(error, cors));
      }
    }

    return {
      takes: (header, received, target) => legacy.takes(header, received, target),
      post: async (received, parts) => {
        const endpoint = await legacy.endpoint();
        return answered(parts, (exchange) => endpoint.post(received, exchange));
      },
      session: ({ status }, parts) => {
        const isTaken = status === 405 && legacy.takesMethod(parts.http.method, parts.header);
        return isTaken ? answerSession(parts) : undefined;
      },
    };
  };
  return { versions: support.versions, create };
}

/** Resolves to the response as soon as it is known to be JSON or a stream. */
function answered(
  { http, header, principal, address, rules, cors }: FetchExchangeOptions,
  serve: (exchange: LegacyExchange) => Promise<void>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { pathname, search } = new URL(http.url);
    const exchange: LegacyExchange = {
      target: pathname + search,
      header,
      principal,
      address,
      respond: ({ status, headers, json }) => {
        const all = { ...headers, ...cors };
        if (json !== undefined) resolve(jsonResponse(json, status, all));
        else resolve(new Response(null, { status, headers: all }));
      },
      stream: (onClose) => {
        let isClosed = false;
        const close = (isComplete: boolean) => {
          if (!isClosed) onClose(isComplete);
          isClosed = true;
        };
        const stream = new FetchEventStream(rules, () => close(false));
        onAbort(http.signal, () => {
          stream.abort();
          close(false);
        });
        resolve(stream.response(cors));
        return {
          write: (text) => stream.sendText(text),
          end: () => {
            stream.close();
            close(true);
          },
        };
      },
      isGone: () => http.signal.aborted,
      onGone: (callback) => onAbort(http.signal, callback),
    };
    serve(exchange).catch(reject);
  });
}

/** Calls a function when the signal aborts, or soon if it has aborted already. */
function onAbort(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) queueMicrotask(callback);
  else signal.addEventListener("abort", callback, { once: true });
}
