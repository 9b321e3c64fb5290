/** The headers of requests and responses that pass through: names and values in turn. */
import type { Principal } from "lutra/protocol";
import { replicaHeader } from "../exchange-record.ts";
import {
  type CallerHeaders,
  credentialHeader,
  principalHeader,
  unverifiedCallers,
} from "./caller-headers.ts";

/** Returns the headers of a request to an upstream. Names are in lower case. */
export type RequestHeaders = (
  headers: readonly string[],
  principal?: Principal | undefined,
) => readonly string[];

/**
 * Compiles the configured headers, which take precedence over the client's, and those about the
 * caller.
 */
export function createRequestHeaders(
  configured: { readonly [name: string]: string } = {},
  { passesCredentials, encodePrincipal }: CallerHeaders = unverifiedCallers,
): RequestHeaders {
  const own = Object.entries(configured).map(([name, value]) => [name.toLowerCase(), value]);
  const names = new Set(own.map(([name]) => name as string));
  const added = own.flat() as string[];
  const withCredentials = new Set([...names, credentialHeader]);
  return (headers, principal) => {
    const passes = passesCredentials();
    const isVerified = encodePrincipal !== undefined && principal !== undefined;
    if (passes && names.size === 0 && !isVerified) return headers;
    const kept = without(headers, passes ? names : withCredentials).concat(added);
    if (isVerified) kept.push(principalHeader, encodePrincipal(principal));
    return kept;
  };
}

function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!names.has(name)) kept.push(name, headers[index + 1] as string);
  }
  return kept;
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
  raw: readonly Buffer[],
  replica: string,
  isLast: boolean,
): ResponseHead {
  const headers = [replicaHeader, replica];
  let contentType: string | undefined;
  let length: number | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as Buffer).toString("latin1");
    if (isHopByHop(name)) continue;
    const value = (raw[index + 1] as Buffer).toString("latin1");
    headers.push(name, value);
    if (name.length === 12 && name.toLowerCase() === "content-type") contentType = value;
    else if (name.length === 14 && name.toLowerCase() === "content-length") length = Number(value);
  }
  if (isLast) headers.push("connection", "close");
  return { headers, contentType, length };
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
