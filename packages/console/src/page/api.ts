/** Requests of the page to its server. */

/** The header that other pages may not send. */
const headers = { "lutra-console": "1" };

/** A request that the server has refused, or that it has not answered. */
export class RequestError extends Error {
  override readonly name: string = "RequestError";
  /** The HTTP status, or 0 without an answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Sends `body` by POST, or GET without one. Resolves to the JSON value of the answer.
 *
 * @throws {RequestError} with the message of the server
 */
export async function fetchJson<T>(
  path: string,
  body?: object,
  options: { readonly signal?: AbortSignal } = {},
): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? { headers }
      : {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(body),
        };
  const response = await fetch(`api/${path}`, { ...init, ...options }).catch((error: unknown) => {
    if (options.signal?.aborted) throw error;
    throw new RequestError(0, "The program that serves this page does not answer.");
  });
  const value: unknown = await response.json().catch(() => undefined);
  if (response.ok) return value as T;
  throw new RequestError(response.status, messageIn(value) ?? `status ${response.status}`);
}

function messageIn(value: unknown): string | undefined {
  const { error } = (value ?? {}) as { readonly error?: { readonly message?: string } };
  return error?.message;
}

/** The state of a stream of events. */
export type StreamState = "connecting" | "open" | "lost";

export interface StreamHandlers {
  /** Called with the data of each event. */
  readonly onEvent: (event: string, data: unknown) => void;
  readonly onState?: (state: StreamState) => void;
}

const leastPauseMs = 500;
const mostPauseMs = 10_000;

/**
 * Follows a stream of events, and reconnects when it breaks. The server then sends the current state
 * first. Returns a function that ends it.
 */
export function followEvents(path: string, { onEvent, onState }: StreamHandlers): () => void {
  const stop = new AbortController();
  const { signal } = stop;

  async function follow(): Promise<void> {
    for (
      let pauseMs = leastPauseMs;
      !signal.aborted;
      pauseMs = Math.min(2 * pauseMs, mostPauseMs)
    ) {
      onState?.("connecting");
      const isOpened = await readOnce().catch(() => false);
      if (signal.aborted) return;
      onState?.("lost");
      if (isOpened) pauseMs = leastPauseMs;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Resolves to true after the end of a stream that was open. */
  async function readOnce(): Promise<boolean> {
    const response = await fetch(`api/${path}`, { headers, signal });
    if (!response.ok || response.body === null) return false;
    onState?.("open");
    try {
      await readEvents(response.body, onEvent);
    } catch {
      // The connection is broken.
    }
    return true;
  }

  void follow();
  return () => stop.abort();
}

async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: StreamHandlers["onEvent"],
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/s.exec(block) ?? [];
      if (event !== undefined && data !== undefined) onEvent(event, JSON.parse(data));
    }
  }
}
