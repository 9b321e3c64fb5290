/**
 * The part of `fetch` that sessions with upstreams use, over the connections of a replica. It creates
 * no web streams and no header objects, for which undici's `fetch` needs most of its processor time.
 */
import { TransportError } from "lutra/protocol";
import type { Dispatcher } from "undici";
import { freeBytes, type ResponseBudget, type Share } from "../delivery/response-budget.ts";

const noMemory = "The memory for responses is full (responses.maxBytes)";

type Fetch = typeof globalThis.fetch;
type Body = Dispatcher.ResponseData["body"];

/** The members of a request that sessions set. */
interface SessionRequestInit {
  readonly method: Dispatcher.HttpMethod;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/**
 * Creates the function. It does not follow redirects, and accepts no compressed responses. Bodies that
 * end, which are all except event streams that GET opens, wait for memory.
 */
export function replicaFetch(
  pool: Pick<Dispatcher, "request">,
  responses: Pick<ResponseBudget, "share">,
): Fetch {
  const send = async (target: string, init: SessionRequestInit) => {
    const { origin, pathname, search } = new URL(target);
    const { method, body, signal } = init;
    const headers = ["accept-encoding", "identity", ...init.headers.flat()];
    const path = `${pathname}${search}`;
    const response = await pool.request({ origin, path, method, headers, body, signal });
    return new SessionResponse(response, method === "GET" ? undefined : responses);
  };
  return send as unknown as Fetch;
}

class SessionResponse {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: SessionBody;

  constructor(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    responses: Pick<ResponseBudget, "share"> | undefined,
  ) {
    this.status = statusCode;
    this.headers = { get: (name) => [headers[name] ?? []].flat().join(", ") || null };
    this.body = new SessionBody(body, headers["content-length"] !== undefined, responses);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}

class SessionBody {
  readonly #body: Body;
  readonly #isShort: boolean;
  readonly #responses: Pick<ResponseBudget, "share"> | undefined;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #bytes = 0;
  #share: Share | undefined;

  constructor(body: Body, isShort: boolean, responses: Pick<ResponseBudget, "share"> | undefined) {
    this.#body = body;
    this.#isShort = isShort;
    this.#responses = responses;
    body.once("close", () => this.#share?.release());
    // Reads fail with the error; a body that is not read has no use for it.
    body.on("error", () => {});
  }

  getReader(): this {
    return this;
  }

  async read(): Promise<{ readonly done: boolean; readonly value: Uint8Array | undefined }> {
    this.#chunks ??= this.#body[Symbol.asyncIterator]();
    if (this.#bytes > freeBytes) await this.#waitForMemory();
    const { done = false, value } = await this.#chunks.next();
    if (value !== undefined) this.#count(value);
    return { done, value: done ? undefined : value };
  }

  /** Counts what is not part of a complete event. */
  #count(chunk: Uint8Array): void {
    const ended = lengthOfEvents(chunk);
    this.#bytes = (ended === 0 ? this.#bytes : 0) + chunk.length - ended;
  }

  async #waitForMemory(): Promise<void> {
    this.#share ??= this.#responses?.share();
    if ((await this.#share?.fit(this.#bytes, undefined)) !== false) return;
    const error = new TransportError("http", noMemory, { status: 503 });
    this.#body.destroy(error);
    throw error;
  }

  /** Discards the rest. The connection is used again if the length of the body is known. */
  async cancel(): Promise<void> {
    if (this.#isShort && this.#chunks === undefined) await this.#body.dump();
    else this.#body.destroy();
  }
}

/** Returns the length of the events that end in a chunk; 0 if none does. Text in JSON has no blank line. */
function lengthOfEvents({ buffer, byteOffset, byteLength }: Uint8Array): number {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return Math.max(bytes.lastIndexOf("\n\n"), bytes.lastIndexOf("\n\r\n")) + 1;
}
