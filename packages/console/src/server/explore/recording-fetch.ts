/** Sends HTTP requests and records them with their responses, as they are on the wire. */
import { createConnector, withoutSecrets } from "lutra/internal";
import { Agent, type RequestInit as UndiciInit, fetch as undiciFetch } from "undici";
import { maskHeaders } from "./mask-headers.ts";
import type { Answered } from "./sign-in.ts";
import type { WireLog } from "./wire-log.ts";
import { maxTextLength, textPart } from "./wire-message.ts";

export interface RecordingFetch {
  readonly fetch: typeof fetch;
  readonly close: () => Promise<void>;
}

/**
 * The client limits the time of requests, so these connections have no limit of their own.
 *
 * @param onAnswer Called with the head of each response
 */
export function createRecordingFetch(
  log: WireLog,
  onAnswer: (answer: Answered) => void,
): RecordingFetch {
  const connect = createConnector();
  const dispatcher = new Agent({ connect, headersTimeout: 0, bodyTimeout: 0 });
  const send = async (input: string | URL | Request, init: RequestInit = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const given = new Headers(init.headers);
    const sentHeaders = maskHeaders(given);
    const since = performance.now();
    log.record({
      direction: "sent",
      http: { method: init.method ?? "GET", url, headers: sentHeaders },
      ...textPart(typeof init.body === "string" ? init.body : ""),
    });
    const response = (await undiciFetch(url, {
      ...(init as unknown as UndiciInit),
      dispatcher,
    })) as unknown as Response;
    const http = { status: response.status, headers: maskHeaders(response.headers) };
    const [, token] = (given.get("authorization") ?? "").split(" ");
    onAnswer({
      url,
      hasToken: given.has("authorization"),
      status: response.status,
      challenge: challengeOf(response, token),
      ms: Math.round(performance.now() - since),
    });
    if (response.body === null) {
      log.record({ direction: "received", http, text: "" });
      return response;
    }
    const isStream = /^text\/event-stream/i.test(response.headers.get("content-type") ?? "");
    const record = (text: string) => log.record({ direction: "received", http, ...textPart(text) });
    const body = response.body.pipeThrough(isStream ? eventsTo(record) : wholeTo(record));
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
  return { fetch: send as typeof fetch, close: () => dispatcher.destroy() };
}

/** Returns the challenge of a response, without the token if the server repeats it. */
function challengeOf({ headers }: Response, token: string | undefined): string | undefined {
  const challenge = headers.get("www-authenticate");
  return challenge === null ? undefined : withoutSecrets(challenge, [token]);
}

type Passing = TransformStream<Uint8Array, Uint8Array>;

/** Passes a body on, and reports its text at the end. */
function wholeTo(record: (text: string) => void): Passing {
  const decoder = new TextDecoder();
  let text = "";
  return new TransformStream({
    transform: (chunk, controller) => {
      // One character more than is kept shows that the text was cut.
      if (text.length <= maxTextLength) text += decoder.decode(chunk, { stream: true });
      controller.enqueue(chunk);
    },
    flush: () => record(text),
  });
}

/** Passes a stream on, and reports the data of each event when it has arrived. */
function eventsTo(record: (text: string) => void): Passing {
  const decoder = new TextDecoder();
  let rest = "";
  return new TransformStream({
    transform: (chunk, controller) => {
      controller.enqueue(chunk);
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/);
      rest = (blocks.pop() ?? "").slice(0, maxTextLength + 1);
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== "") record(data);
      }
    },
  });
}

function dataOf(block: string): string {
  const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).trimStart()).join("\n");
}
