/** The headers of requests and responses that pass through: names and values in turn. */
import { parseRetryAfter } from "lutra/internal";
import type { Principal, TraceContext } from "lutra/protocol";
import { replicaHeader } from "../exchange-record.ts";
import { HeaderPolicy } from "../head/header-policy.ts";
import { namesInConnection } from "../head/known-headers.ts";
import { type CallerHeaders, principalHeader, unverifiedCallers } from "./caller-headers.ts";

/** Returns the headers of a request to an upstream. Names are in lower case. */
export type RequestHeaders = (
  headers: readonly string[],
  principal?: Principal | undefined,
) => readonly string[];

/**
 * Creates the function that applies the `policy` of an upstream to the client's headers. By the rules
 * for callers, it also removes the client's credentials and adds the verified principal.
 */
export function createRequestHeaders(
  policy: HeaderPolicy = new HeaderPolicy(),
  { passesCredentials, encodePrincipal }: CallerHeaders = unverifiedCallers,
): RequestHeaders {
  const own = Object.entries(policy.set).flat();
  return (headers, principal) => {
    const conditions = { passesCredentials: passesCredentials(), isShared: false };
    const isVerified = encodePrincipal !== undefined && principal !== undefined;
    if (conditions.passesCredentials && policy.isPlain && !isVerified) return headers;
    const kept: string[] = [];
    for (let index = 0; index < headers.length; index += 2) {
      const name = policy.sentAs(headers[index] as string, conditions);
      if (name !== undefined) kept.push(name, headers[index + 1] as string);
    }
    kept.push(...own);
    if (isVerified) kept.push(principalHeader, encodePrincipal(principal));
    return kept;
  };
}

/** Returns the headers with a span in place of the client's. */
export function withTraceHeaders(
  headers: readonly string[],
  { traceparent, tracestate }: TraceContext,
): readonly string[] {
  const isKept = (_text: string, index: number) => {
    const name = headers[index - (index % 2)] as string;
    return name !== "traceparent" && name !== "tracestate";
  };
  const state = tracestate === undefined ? [] : ["tracestate", tracestate];
  return [...headers.filter(isKept), "traceparent", traceparent, ...state];
}

/** The head of a response to the client. */
export interface ResponseHead {
  readonly headers: string[];
  readonly contentType: string | undefined;
  /** Length of the body in bytes; undefined when it is known only at the end. */
  readonly length: number | undefined;
}

/**
 * Returns the headers of a response without those of its connection, and adds the replica's name.
 * `isLast` also closes the client's connection after the response.
 */
export function readResponseHead(
  raw: readonly string[],
  replica: string,
  isLast: boolean,
): ResponseHead {
  const headers = [replicaHeader, replica];
  let contentType: string | undefined;
  let length: number | undefined;
  const named = namesInConnection(connectionOf(raw));
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    if (isHopByHop(name) || named?.has(name.toLowerCase())) continue;
    const value = raw[index + 1] as string;
    if (isUnfit(name, value)) continue;
    headers.push(name, value);
    if (name.length === 12 && name.toLowerCase() === "content-type") contentType = value;
    else if (name.length === 14 && name.toLowerCase() === "content-length") length = Number(value);
  }
  if (isLast) headers.push("connection", "close");
  return { headers, contentType, length };
}

/** Returns the values of `Connection`, joined with commas. */
function connectionOf(raw: readonly string[]): string | undefined {
  let values: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    const value = raw[index + 1] as string;
    values = values === undefined ? value : `${values},${value}`;
  }
  return values;
}

/** Replaces the challenges in the headers of a response. */
export function completeChallenges(
  headers: string[],
  complete: (challenge: string) => string,
): void {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== "www-authenticate") continue;
    headers[index + 1] = complete(headers[index + 1] as string);
  }
}

/** Returns the challenges in the headers of a response, joined with commas. */
export function challengeIn(headers: readonly string[]): string | undefined {
  return headerOf(headers, "www-authenticate");
}

/** Returns the values of a header by its lower-case name, joined with commas. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  const isValue = (_value: string, index: number) =>
    index % 2 === 1 && headers[index - 1]?.toLowerCase() === name;
  const found = headers.filter(isValue);
  return found.length === 0 ? undefined : found.join(", ");
}

/** Removes the challenges from the headers of a response. */
export function removeChallenges(headers: string[]): void {
  for (let index = headers.length - 2; index >= 0; index -= 2) {
    if (headers[index]?.toLowerCase() === "www-authenticate") headers.splice(index, 2);
  }
}

/**
 * Returns true for headers that are not sent to clients: the address of a redirect, which MCP does not
 * know and which may be internal, and a pause of more than a day.
 */
function isUnfit(name: string, value: string): boolean {
  if (name.length === 8) return name.toLowerCase() === "location";
  if (name.length !== 11 || name.toLowerCase() !== "retry-after") return false;
  return parseRetryAfter(value) === undefined;
}

/** Headers that belong to one connection, by their length, so that most others are ruled out at once. */
const hopByHop: readonly (readonly string[] | undefined)[] = [
  "te",
  "trailer",
  "upgrade",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
].reduce<string[][]>((byLength, name) => {
  byLength[name.length] = [...(byLength[name.length] ?? []), name];
  return byLength;
}, []);

function isHopByHop(name: string): boolean {
  const sameLength = hopByHop[name.length];
  return sameLength?.includes(name.toLowerCase()) === true;
}
