/**
 * The part of `fetch` that sessions with upstreams use, over the connections of a replica. It creates
 * no streams and no header objects, for which undici's own interfaces need most of their processor time.
 */
import { TransportError } from "lutra/protocol";
import { freeBytes, type ResponseBudget, type Share } from "../delivery/response-budget.ts";
import type { WireDispatcher, WireHandler } from "../wire/handler.ts";

const noMemory = "The memory for responses is full (responses.maxBytes)";

type Fetch = typeof globalThis.fetch;

/** The members of a request that sessions set. */
interface SessionRequestInit {
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** Maximum size of the part of a body that is kept until it is read, in bytes. */
const maxKeptBytes = 65_536;

type Responses = Pick<ResponseBudget, "share">;

/**
 * Creates the function. It does not follow redirects, and accepts no compressed responses. Bodies that
 * end, which are all except event streams that GET opens, wait for memory.
 */
export function replicaFetch(pool: WireDispatcher, responses: Responses): Fetch {
  let last: Target | undefined;
  const send = (target: string, { signal, headers, ...init }: SessionRequestInit) => {
    // All requests of a session go to one endpoint.
    if (last?.url !== target) last = targetOf(target);
    const { path } = last;
    const sent = ["accept-encoding", "identity", ...headers.flat()];
    const memory = init.method === "GET" ? undefined : new BodyMemory(responses);
    return new Promise<SessionResponse>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const exchange = new SessionExchange(signal, { resolve, reject, memory });
      pool.dispatch({ ...init, path, headers: sent }, exchange);
    });
  };
  return send as unknown as Fetch;
}

interface Target {
  readonly url: string;
  readonly origin: string;
  readonly path: string;
}

function targetOf(url: string): Target {
  const { origin, pathname, search } = new URL(url);
  return { url, origin, path: pathname + search };
}

interface Settle {
  readonly resolve: (response: SessionResponse) => void;
  readonly reject: (error: unknown) => void;
  /** The memory of the body; undefined for one that does not count. */
  readonly memory: BodyMemory | undefined;
}

/** The parts of a body, and its end. */
class SessionExchange implements WireHandler {
  readonly #signal: AbortSignal;
  readonly #settle: Settle;
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #isDiscarded = false;
  #isOver = false;
  #error: unknown;
  #abort: ((error: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal, settle: Settle) {
    this.#signal = signal;
    this.#settle = settle;
    signal.addEventListener("abort", this.#onAbort);
  }

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    if (this.#signal.aborted) this.#onAbort();
  }

  onHeaders(status: number, raw: readonly string[], resume: () => void): boolean {
    if (status < 200) return true;
    this.#resume = resume;
    this.#settle.resolve(new SessionResponse(status, raw, this));
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#isDiscarded) return true;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#wake?.();
    return this.#size < maxKeptBytes;
  }

  onComplete(): void {
    this.#end();
  }

  onError(error: Error): void {
    this.#error = error;
    this.#settle.reject(error);
    this.#settle.memory?.release();
    this.#end();
  }

  /** Returns the next part of the body, or undefined at its end. */
  async next(): Promise<Uint8Array | undefined> {
    const { memory } = this.#settle;
    if (memory?.mustWait === true && !(await memory.wait())) {
      const error = new TransportError("http", noMemory, { status: 503 });
      this.#abort?.(error);
      // A connection reports no error of a response that has arrived already.
      memory.release();
      throw error;
    }
    while (this.#chunks.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.shift();
    if (chunk === undefined) memory?.release();
    if (chunk === undefined && this.#error !== undefined) throw this.#error;
    if (chunk === undefined) return undefined;
    memory?.count(chunk);
    this.#size -= chunk.length;
    this.#resume?.();
    return chunk;
  }

  /** Ends the exchange, or only drops the rest of its body. */
  discard(isShort: boolean): void {
    this.#isDiscarded = true;
    this.#chunks.length = 0;
    this.#settle.memory?.release();
    if (isShort) this.#resume?.();
    else this.#abort?.(new Error("The body is not read"));
  }

  #end(): void {
    this.#isOver = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#wake?.();
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#signal;
    this.#settle.reject(reason);
    this.#abort?.(reason);
  };
}

/** The memory that the read part of a body needs. The parts of event streams are dropped event by event. */
class BodyMemory {
  readonly #responses: Responses;
  #bytes = 0;
  #share: Share | undefined;
  #isReleased = false;

  constructor(responses: Responses) {
    this.#responses = responses;
  }

  get mustWait(): boolean {
    return this.#bytes > freeBytes && !this.#isReleased;
  }

  /** Counts what is not part of a complete event. */
  count(chunk: Uint8Array): void {
    const ended = lengthOfEvents(chunk);
    this.#bytes = (ended === 0 ? this.#bytes : 0) + chunk.length - ended;
  }

  /** Waits for memory. Resolves to false if there was none for too long. */
  async wait(): Promise<boolean> {
    this.#share ??= this.#responses.share();
    return (await this.#share.fit(this.#bytes, undefined)) !== false;
  }

  release(): void {
    this.#isReleased = true;
    this.#share?.release();
  }
}

class SessionResponse {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: SessionBody;

  constructor(status: number, raw: readonly string[], exchange: SessionExchange) {
    const get = (name: string) => valueIn(raw, name);
    this.status = status;
    this.headers = { get };
    this.body = new SessionBody(exchange, get("content-length") !== null);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}

/** Returns the values of a header by its lower-case name, joined with commas; null if it is absent. */
function valueIn(raw: readonly string[], name: string): string | null {
  const values: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const isNamed = raw[index]?.length === name.length;
    if (!isNamed || raw[index]?.toLowerCase() !== name) continue;
    values.push(raw[index + 1] ?? "");
  }
  return values.join(", ") || null;
}

class SessionBody {
  readonly #exchange: SessionExchange;
  readonly #isShort: boolean;
  #isRead = false;

  constructor(exchange: SessionExchange, isShort: boolean) {
    this.#exchange = exchange;
    this.#isShort = isShort;
  }

  getReader(): this {
    return this;
  }

  async read(): Promise<{ readonly done: boolean; readonly value: Uint8Array | undefined }> {
    this.#isRead = true;
    const value = await this.#exchange.next();
    return { done: value === undefined, value };
  }

  /** Discards the rest. The connection is used again if the length of the body is known. */
  async cancel(): Promise<void> {
    this.#exchange.discard(this.#isShort && !this.#isRead);
  }
}

/** Returns the length of the events that end in a chunk; 0 if none does. Text in JSON has no blank line. */
function lengthOfEvents({ buffer, byteOffset, byteLength }: Uint8Array): number {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return Math.max(bytes.lastIndexOf("\n\n"), bytes.lastIndexOf("\n\r\n")) + 1;
}
