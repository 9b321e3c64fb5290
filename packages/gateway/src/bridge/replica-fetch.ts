/**
 * The part of `fetch` that sessions with upstreams use, over the connections of a replica. It creates
 * no web streams and no header objects, for which undici's `fetch` needs most of its processor time.
 */
import type { Dispatcher } from "undici";

type Fetch = typeof globalThis.fetch;
type Body = Dispatcher.ResponseData["body"];

/** The members of a request that sessions set. */
interface SessionRequestInit {
  readonly method: Dispatcher.HttpMethod;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** Creates the function. It does not follow redirects, and accepts no compressed responses. */
export function replicaFetch(pool: Pick<Dispatcher, "request">): Fetch {
  const send = async (target: string, init: SessionRequestInit) => {
    const { origin, pathname, search } = new URL(target);
    const { method, body, signal } = init;
    const headers = ["accept-encoding", "identity", ...init.headers.flat()];
    const path = `${pathname}${search}`;
    const response = await pool.request({ origin, path, method, headers, body, signal });
    return new SessionResponse(response);
  };
  return send as unknown as Fetch;
}

class SessionResponse {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: SessionBody;

  constructor({ statusCode, headers, body }: Dispatcher.ResponseData) {
    this.status = statusCode;
    this.headers = { get: (name) => [headers[name] ?? []].flat().join(", ") || null };
    this.body = new SessionBody(body, headers["content-length"] !== undefined);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}

class SessionBody {
  readonly #body: Body;
  readonly #isShort: boolean;
  #chunks: AsyncIterator<Uint8Array> | undefined;

  constructor(body: Body, isShort: boolean) {
    this.#body = body;
    this.#isShort = isShort;
    // Reads fail with the error; a body that is not read has no use for it.
    body.on("error", () => {});
  }

  getReader(): this {
    return this;
  }

  async read(): Promise<{ readonly done: boolean; readonly value: Uint8Array | undefined }> {
    this.#chunks ??= this.#body[Symbol.asyncIterator]();
    const { done = false, value } = await this.#chunks.next();
    return { done, value: done ? undefined : value };
  }

  /** Discards the rest. The connection is used again if the length of the body is known. */
  async cancel(): Promise<void> {
    if (this.#isShort && this.#chunks === undefined) await this.#body.dump();
    else this.#body.destroy();
  }
}
