/** The head of a request that the gateway makes for a legacy client, whose own requests have none. */
import {
  encodeHeaderValue,
  headerNames,
  type JSONRPCRequest,
  latestVersion,
  type Method,
  type RequestContext,
} from "lutra/protocol";
import type { Head } from "../head/head.ts";

/** The `Mcp-Param-*` headers that a call would have, by their lower-case names. */
export type MirroredHeaders = ReadonlyMap<
  string,
  { readonly value: string; readonly sent: string }
>;

export const noMirrored: MirroredHeaders = new Map();

/** The parts of a request from which its head is made. */
export interface HeadSource {
  /** The head that the legacy client has sent. */
  readonly sent: Head;
  readonly request: JSONRPCRequest;
  readonly method: Method | undefined;
  readonly mirrored: MirroredHeaders;
}

/** Returns the head that the request would have if its client spoke the current revision. */
export function legacyHead({ sent, request, method, mirrored }: HeadSource): Head {
  const others: string[] = [];
  for (let index = 0; index < sent.headers.length; index += 2) {
    const name = sent.headers[index] as string;
    if (!name.startsWith("mcp-")) others.push(name, sent.headers[index + 1] as string);
  }
  for (const [name, { sent: value }] of mirrored) others.push(name, value);
  return {
    version: latestVersion,
    method: request.method,
    name: nameIn(request, method),
    param: (name) => mirrored.get(`${headerNames.paramPrefix}${name}`)?.value,
    headers: others,
    ...(sent.sent && { sent: sent.sent }),
    address: sent.address,
  };
}

/** Returns the reader of the headers that agree with the request. */
export function headerReaderFor(
  header: NonNullable<RequestContext["header"]>,
  { request, method, mirrored }: HeadSource,
): NonNullable<RequestContext["header"]> {
  const name = nameIn(request, method);
  return (wanted) => {
    if (!wanted.startsWith("mcp-")) return header(wanted);
    if (wanted === headerNames.version) return latestVersion;
    if (wanted === headerNames.method) return request.method;
    if (wanted === headerNames.name) return name && encodeHeaderValue(name);
    return mirrored.get(wanted)?.sent;
  };
}

function nameIn({ params }: JSONRPCRequest, method: Method | undefined): string | undefined {
  const name = method?.nameField === undefined ? undefined : params?.[method.nameField];
  return typeof name === "string" ? name : undefined;
}
