/**
 * The names and attributes of spans, by the OpenTelemetry semantic conventions for MCP. Arguments and
 * results are recorded only on request.
 */
import type { Attributes } from "@opentelemetry/api";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import { type Method, nameOf } from "../protocol/method.ts";
import { coreMethods } from "../protocol/methods.ts";

/** Maximum length of a name or URI in an attribute, in characters. */
const maxNameLength = 256;

/** Maximum length of recorded arguments or results, in characters. */
const maxContentLength = 8192;

/** The attribute for the subject of a request, by the capability of its method. */
const subjectKeys: { readonly [capability: string]: string } = {
  tools: "gen_ai.tool.name",
  prompts: "gen_ai.prompt.name",
  resources: "mcp.resource.uri",
};

const known = new Map(coreMethods.map((method) => [method.name, method]));

/** A span's name and attributes. */
export interface SpanIdentity {
  readonly name: string;
  readonly attributes: Attributes;
  /** The method, if it is one of the core protocol. */
  readonly method: Method | undefined;
}

/** The parts of a request by which its span is named. */
export interface NamedRequest {
  readonly method: string;
  /** The tool, prompt or resource that the request names. */
  readonly subject: string | undefined;
  readonly version: unknown;
}

/** Returns the name and the attributes of the span for a request. */
export function identify({ method: name, subject, version }: NamedRequest): SpanIdentity {
  const method = known.get(name);
  const shown = subject?.slice(0, maxNameLength);
  const key = shown === undefined ? undefined : subjectKeys[method?.capability ?? ""];
  const attributes: Attributes = { "mcp.method.name": name };
  if (typeof version === "string") attributes["mcp.protocol.version"] = version;
  if (key !== undefined) attributes[key] = shown;
  if (isToolCall(method)) attributes["gen_ai.operation.name"] = "execute_tool";
  // A URI has too many values for the name of a span.
  const isNamed = key !== undefined && method?.capability !== "resources";
  return { name: isNamed ? `${name} ${shown}` : name, attributes, method };
}

/** Returns the tool, prompt or resource that a request of the core protocol names. */
export function subjectOf({ method, params }: JSONRPCRequest): string | undefined {
  return nameOf(known.get(method), params);
}

/** Returns the protocol version that a request declares. */
export function versionOf({ params }: JSONRPCRequest): unknown {
  return (params?._meta as { readonly [key: string]: unknown } | undefined)?.[
    metaKeys.protocolVersion
  ];
}

/** Returns true for the method that calls a tool by its name. */
export function isToolCall(method: Method | undefined): boolean {
  return method?.capability === "tools" && method.nameField !== undefined;
}

/** Returns the name and the attributes of the span for one execution of a tool's handler. */
export function identifyRound(request: JSONRPCRequest): SpanIdentity | undefined {
  const method = known.get(request.method);
  const subject = subjectOf(request)?.slice(0, maxNameLength);
  if (subject === undefined || !isToolCall(method)) return undefined;
  const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": subject };
  return { name: `execute_tool ${subject}`, attributes, method };
}

/** Returns the name of the span for a step. */
export function stepName(name: string): string {
  return `step ${name.slice(0, maxNameLength)}`;
}

/** Returns JSON of limited length for an attribute. */
export function contentOf(value: unknown): string {
  return (JSON.stringify(value) ?? "").slice(0, maxContentLength);
}
