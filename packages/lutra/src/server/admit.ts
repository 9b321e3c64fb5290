/**
 * The checks that precede all work for a request. The first check that fails determines the answer,
 * so the order of the checks is their precedence.
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
import { type Method, nameOf } from "../protocol/method.ts";
import { requireVersion, requireVersionHeader } from "../protocol/versioning.ts";

/** A method and the function that serves it. Create one with `serveMethod`. */
export interface ServedMethod {
  readonly method: Method;
  readonly serve: (request: JSONRPCRequest, context: RequestContext) => Result | Promise<Result>;
  /** Returns the scopes that are required for the entry of this name, where they are known. */
  readonly scopesOf?: (name: string) => readonly string[] | undefined;
}

/** A method of this server, and the extension it belongs to. */
export interface AdmittedMethod extends ServedMethod {
  readonly extension?: string;
}

/** The properties of a method that `admit` reads. */
export interface AdmissionColumns {
  readonly method: Pick<Method, "nameField">;
  /** The extension that the client must have declared. */
  readonly extension?: string;
}

export interface AdmitOptions<Columns extends AdmissionColumns = AdmittedMethod> {
  readonly versions: readonly string[];
  readonly methods: { readonly get: (name: string) => Columns | undefined };
}

/**
 * Admits a request: sets `context.meta` to its protocol fields and returns its method.
 *
 * @throws {ProtocolError} for a malformed request, headers that do not match the body, an
 * unsupported version, an unknown method, or an extension that the client did not declare
 */
export function admit<Columns extends AdmissionColumns>(
  request: JSONRPCRequest,
  context: RequestContext,
  { versions, methods }: AdmitOptions<Columns>,
): Columns {
  const { header, versions: listed = versions } = context;
  const version = header?.(headerNames.version);
  if (header) requireVersionHeader(version, listed, request.params);
  const meta = parseRequestMeta(request.params, listed, version);
  if (header) requireHeader(version, "MCP-Protocol-Version", meta.version);
  requireVersion(meta.version, versions, listed);
  if (header) requireHeader(header(headerNames.method), "Mcp-Method", request.method);
  const served = methods.get(request.method);
  if (served === undefined) throw methodNotFound(request.method, listed);
  if (header) requireNameHeader(request, served.method, header);
  if (served.extension !== undefined) {
    requireCapabilities({ extensions: { [served.extension]: {} } }, meta.capabilities);
  }
  context.meta = meta;
  return served;
}

/** @spec basic/transports/streamable-http#standard-request-headers */
function requireNameHeader(
  request: JSONRPCRequest,
  method: AdmissionColumns["method"],
  header: (name: string) => string | undefined,
): void {
  const { nameField } = method;
  if (nameField === undefined) return;
  const name = nameOf(method, request.params);
  const sent = header(headerNames.name);
  if (name !== undefined) requireEncodedHeader(sent, "Mcp-Name", name);
  else if (sent !== undefined) throw mismatch(`Mcp-Name: sent, but params.${nameField} is absent`);
}

function methodNotFound(method: string, supported: readonly string[]): ProtocolError {
  return new ProtocolError("methodNotFound", `Method not found: ${method}`, {
    data: { supported: [...supported] },
  });
}
