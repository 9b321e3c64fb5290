/**
 * A `fetch` for URLs that a peer supplies: it reaches public hosts over TLS, reads a bounded body in a
 * bounded time, and follows no redirect that it has not checked.
 *
 * @spec basic/authorization/security-considerations
 */
import { parseURL } from "../../protocol/parse-url.ts";
import { isTransportError, TransportError } from "../../protocol/transport-error.ts";
import { linkAbort } from "../../time/abort.ts";
import { ByteBuffer } from "../../transport/byte-buffer.ts";
import { type GuardedFetchOptions, type GuardedFetchRules, withDefaults } from "./options.ts";
import { isAddress, isLoopbackHost, isPermittedAddress, unbracketed } from "./public-address.ts";

/** A request to one URL, whose redirects are not followed. */
interface CheckedRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer | null;
  readonly signal: AbortSignal;
  readonly redirect: "manual";
}

/** The parts of a response that are read. */
interface NetworkResponse {
  readonly status: number;
  readonly statusText: string;
  readonly type: string;
  readonly headers: { readonly get: (name: string) => string | null } & Iterable<[string, string]>;
  readonly body: (AsyncIterable<Uint8Array> & { readonly cancel: () => Promise<void> }) | null;
}

/**
 * Sends a request. With `isTrusted`, the addresses of the host are not checked.
 *
 * @throws {TransportError} `refused` for a host with an address that is not permitted
 */
type Send = (url: URL, request: CheckedRequest, isTrusted: boolean) => Promise<NetworkResponse>;

/** Creates the `Send` of a runtime. */
export type Network = (rules: GuardedFetchRules) => Send;

/** Creates a guarded fetch. */
export type GuardedFetch = (options?: GuardedFetchOptions) => typeof fetch;

/** Returns the `guardedFetch` of a runtime. Entry points choose the runtime; other code gets a fetch. */
export function guardedFetchOver(network: Network): GuardedFetch {
  return (options = {}) => {
    const rules = withDefaults(options);
    const send = network(rules);
    return async (input, init) => {
      const request = new Request(input, init);
      const limit = linkAbort(request.signal);
      const timer = setTimeout(() => limit.abort(slow(rules)), rules.timeoutMs);
      try {
        return await follow(request, rules, (url, checked, isTrusted) =>
          send(url, { ...checked, signal: limit.signal }, isTrusted),
        );
      } catch (thrown) {
        // The caller's own reason, as `fetch` rejects with it.
        if (request.signal.aborted) throw request.signal.reason;
        throw toTransportError(limit.signal.aborted ? limit.signal.reason : thrown, request);
      } finally {
        clearTimeout(timer);
      }
    };
  };
}

type SendChecked = (
  url: URL,
  request: Omit<CheckedRequest, "signal">,
  isTrusted: boolean,
) => Promise<NetworkResponse>;

/** Sends the request, and follows the redirects that are permitted. */
async function follow(
  request: Request,
  rules: GuardedFetchRules,
  send: SendChecked,
): Promise<Response> {
  const { method } = request;
  const headers = new Headers(request.headers);
  // A response that is not compressed cannot grow. One that is compressed all the same is counted.
  headers.set("accept-encoding", "identity");
  const body = request.body === null ? null : await request.arrayBuffer();
  let url = new URL(request.url);
  for (let count = 0; ; count += 1) {
    const isTrusted = requirePermitted(url, rules);
    const response = await send(url, { method, headers, body, redirect: "manual" }, isTrusted);
    if (!isRedirect(response)) return await complete(url, response, rules);
    // A body that is neither read nor cancelled keeps its connection open.
    await response.body?.cancel().catch(() => {});
    const next = parseURL(response.headers.get("location") ?? "", url);
    if (method !== "GET" || count >= rules.maxRedirects || next === undefined) {
      throw refused(`${place(url)}: expected no redirect, got the status ${response.status}`);
    }
    if (next.origin !== url.origin) dropCredentials(headers);
    url = next;
  }
}

/**
 * Returns true for an origin that the configuration names.
 *
 * @throws {TransportError} `refused` for a URL to which no request may be sent
 */
function requirePermitted(url: URL, rules: GuardedFetchRules): boolean {
  const { protocol, hostname } = url;
  const isTrusted = rules.trustedOrigins.has(url.origin);
  const mayBeLoopback = isTrusted || rules.loopback;
  const isLoopback = isLoopbackHost(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback && mayBeLoopback)) {
    throw refused(`${place(url)}: expected https`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused(`${place(url)}: expected a URL without a user name and a password`);
  }
  if (isTrusted) return true;
  const isPermitted = isAddress(hostname)
    ? isPermittedAddress(unbracketed(hostname), rules)
    : mayBeLoopback || !isLoopback;
  if (!isPermitted) throw notPublic(hostname);
  return false;
}

/** The statuses that name another URL; 304 has none. A browser hides both, as `opaqueredirect`. */
function isRedirect({ status, type }: NetworkResponse): boolean {
  return [301, 302, 303, 307, 308].includes(status) || type === "opaqueredirect";
}

function dropCredentials(headers: Headers): void {
  for (const name of ["authorization", "cookie", "dpop"]) headers.delete(name);
}

/** Reads the body, so that the limits of size and time hold for all of it. */
async function complete(
  url: URL,
  response: NetworkResponse,
  { maxResponseBytes }: GuardedFetchRules,
): Promise<Response> {
  const body = new ByteBuffer();
  for await (const chunk of response.body ?? []) {
    if (body.length + chunk.length > maxResponseBytes) {
      throw new TransportError(
        "malformed",
        `${place(url)}: expected at most ${maxResponseBytes} bytes`,
      );
    }
    body.append(chunk);
  }
  const { status, statusText } = response;
  const headers = new Headers([...response.headers]);
  // They describe the bytes that were sent, and not those that are left.
  headers.delete("content-encoding");
  headers.delete("content-length");
  const hasBody = ![101, 204, 205, 304].includes(status);
  const read = new Response(hasBody ? new Uint8Array(body.bytes()) : null, {
    status,
    statusText,
    headers,
  });
  Object.defineProperty(read, "url", { value: url.href });
  return read;
}

/** Returns the error for a host with an address that is not public. */
export function notPublic(host: string): TransportError {
  return refused(`${host}: expected a host with public addresses only; see guardedFetch`);
}

function refused(message: string): TransportError {
  return new TransportError("refused", message);
}

function slow({ timeoutMs }: GuardedFetchRules): TransportError {
  return new TransportError("timeout", `expected a response within ${timeoutMs} ms`);
}

/** Returns the refusal that ended a connection, which a `fetch` hides in the cause of its error. */
function toTransportError(thrown: unknown, { method, url }: Request): TransportError {
  if (isTransportError(thrown)) return thrown;
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (isTransportError(cause)) return cause;
  const message = `${method} ${place(new URL(url))}: no response`;
  return new TransportError("closed", message, { cause: thrown });
}

/** The URL without its query, which may contain secrets. */
function place({ origin, pathname }: URL): string {
  return origin + pathname;
}
