/**
 * The checks a request passes before anything is done for it. The first one that throws is the
 * answer, so the order of the lines is the order of precedence.
 */
import { requireCapabilities } from "../protocol/capabilities.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import {
  headerNames,
  mismatch,
  requireEncodedHeader,
  requireHeader,
} from "../protocol/http-headers.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { parseRequestMeta } from "../protocol/meta.ts";
import type { Method } from "../protocol/method.ts";
import { requireVersion } from "../protocol/versioning.ts";

/** A method and the function that serves it. Create one with `serveMethod`. */
export interface ServedMethod {
  readonly method: Method;
  readonly serve: (request: JSONRPCRequest, context: RequestContext) => Result | Promise<Result>;
}

/** A method of this server, and the extension it belongs to. */
export interface AdmittedMethod extends ServedMethod {
  readonly extension?: string;
}

export interface AdmitOptions {
  readonly versions: readonly string[];
  readonly methods: Pick<ReadonlyMap<string, AdmittedMethod>, "get">;
}

/**
 * Refuses what is malformed, contradicts its headers, speaks another version or names no method of
 * this server; otherwise notes the request's protocol fields in `context.meta`.
 *
 * @throws {ProtocolError}
 */
export function admit(
  request: JSONRPCRequest,
  context: RequestContext,
  { versions, methods }: AdmitOptions,
): AdmittedMethod {
  const { header } = context;
  const version = header?.(headerNames.version);
  if (header) requireVersionHeader(version, versions);
  const meta = parseRequestMeta(request.params, versions);
  if (header) requireHeader(version, "MCP-Protocol-Version", meta.version);
  requireVersion(meta.version, versions);
  if (header) requireHeader(header(headerNames.method), "Mcp-Method", request.method);
  const served = methods.get(request.method);
  if (served === undefined) throw methodNotFound(request.method, versions);
  if (header) requireNameHeader(request, served.method, header);
  if (served.extension !== undefined) {
    requireCapabilities({ extensions: { [served.extension]: {} } }, meta.capabilities);
  }
  context.meta = meta;
  return served;
}

/**
 * A client without the header is most often one of an earlier revision, so the refusal names the
 * versions that it could speak.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
function requireVersionHeader(version: string | undefined, supported: readonly string[]): void {
  if (version !== undefined) return;
  const message = `MCP-Protocol-Version: missing; this server speaks ${supported.join(", ")}`;
  throw new ProtocolError("headerMismatch", `Header mismatch: ${message}`, {
    data: { supported: [...supported] },
  });
}

/** @spec basic/transports/streamable-http#standard-request-headers */
function requireNameHeader(
  request: JSONRPCRequest,
  { nameField }: Method,
  header: (name: string) => string | undefined,
): void {
  if (nameField === undefined) return;
  const value = request.params?.[nameField];
  const sent = header(headerNames.name);
  if (typeof value === "string") requireEncodedHeader(sent, "Mcp-Name", value);
  else if (sent !== undefined) throw mismatch(`Mcp-Name: sent, but params.${nameField} is absent`);
}

function methodNotFound(method: string, supported: readonly string[]): ProtocolError {
  return new ProtocolError("methodNotFound", `Method not found: ${method}`, {
    data: { supported: [...supported] },
  });
}
