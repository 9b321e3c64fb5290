/**
 * The classes of request headers. The policies for headers, and the keys of cached responses, depend
 * on them.
 */

/** The headers that carry credentials, in lower case. `forwardCredentials` decides about them. */
export const credentialHeaders: readonly string[] = [
  "authorization",
  "cookie",
  "dpop",
  "proxy-authorization",
  "x-api-key",
];

/** The headers that belong to a connection and not to the message. `expect` is already answered. */
export const hopByHop: readonly string[] = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/**
 * Returns the names in `Connection`, in lower case, which belong to the connection as well. Most have
 * none.
 */
export function namesInConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close") {
    return undefined;
  }
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}

/** The headers that the gateway checks itself; the upstream has another host. */
export const checkedHeaders: readonly string[] = ["host", "origin"];

const protocol: ReadonlySet<string> = new Set(["accept", "accept-encoding", "last-event-id"]);

/** Headers about a single request, its network path or the program that sends it. */
const incidental: ReadonlySet<string> = new Set([
  ...["accept-charset", "accept-language", "cache-control", "pragma", "priority", "referer"],
  ...["dnt", "save-data", "upgrade-insecure-requests", "user-agent"],
  ...["b3", "baggage", "sentry-trace", "traceparent", "tracestate", "x-cloud-trace-context"],
  ...["x-amzn-trace-id", "x-correlation-id", "x-request-id"],
  ...["cdn-loop", "forwarded", "true-client-ip", "via", "x-client-ip", "x-real-ip"],
]);

const incidentalPrefixes = ["x-forwarded-", "sec-", "x-b3-", "cf-", "x-amz-cf-", "x-envoy-"];

const ignored: ReadonlySet<string> = new Set([
  ...hopByHop.filter((name) => !credentialHeaders.includes(name)),
  ...checkedHeaders,
]);

/** Returns true for a header, in lower case, that the transport writes for each message. */
export function isProtocolHeader(name: string): boolean {
  return protocol.has(name) || name.startsWith("mcp-") || name.startsWith("content-");
}

/**
 * Returns true for a header, in lower case, that describes the request or its network path. Clients
 * send these with different values although they expect the same results.
 */
export function isIncidental(name: string): boolean {
  return incidental.has(name) || incidentalPrefixes.some((prefix) => name.startsWith(prefix));
}

/** Returns true for a header, in lower case, on which the results for a caller may depend. */
export function mayIdentify(name: string): boolean {
  return !ignored.has(name) && !isProtocolHeader(name) && !isIncidental(name);
}

/** Returns true for a header name, in lower case, that no policy may change. */
export function isFixed(name: string): boolean {
  return isProtocolHeader(name) || hopByHop.includes(name) || checkedHeaders.includes(name);
}
