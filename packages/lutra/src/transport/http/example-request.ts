/** The request that a server would accept in place of one that it refused. */
import { encodeHeaderParams } from "../../protocol/header-params.ts";
import { encodeHeaderValue } from "../../protocol/http-headers.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { RequestId } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { latestVersion } from "../../protocol/versioning.ts";

/** Approximate maximum size of the parameters that an example repeats, in characters of JSON. */
const maxParams = 2048;

/** Maximum length of a method or name that an example repeats. */
const maxNameLength = 512;

/** Maximum number of parameters that an example repeats, and maximum length of their keys. */
const [maxMembers, maxKeyLength] = [30, 64];

/** A whole request, as `data.example` of an error. */
export interface ExampleRequest {
  readonly method: "POST";
  readonly headers: { readonly [name: string]: string };
  readonly body: JSONObject;
}

/** The parts of which an example is made, from the refused request as far as it could be read. */
export interface ExampleParts {
  readonly id?: RequestId | undefined;
  readonly method: string;
  /** The parameter that `Mcp-Name` mirrors. */
  readonly nameField?: string | undefined;
  readonly params?: JSONObject | undefined;
  /** The valid fields of `_meta`. */
  readonly meta?: JSONObject | undefined;
  /** Capabilities that the client must declare in addition. */
  readonly capabilities?: JSONObject | undefined;
  /** The arguments that `Mcp-Param-*` headers mirror, as paths by header. */
  readonly mirrored?: { readonly [header: string]: readonly string[] } | undefined;
  /** Headers that the request sent and that remain. */
  readonly headers?: { readonly [name: string]: string } | undefined;
}

/**
 * Creates an example. Parameters are left out, with a marker in their place, where all of them
 * together are above 2 kB. It has no credentials.
 *
 * @spec basic/transports/streamable-http#request-metadata, basic/index#meta
 */
export function createExample(parts: ExampleParts): ExampleRequest {
  const { id = 1, nameField, params = {}, headers } = parts;
  const method = shortened(parts.method);
  const named = nameField === undefined ? params : withName(params, nameField);
  const name = nameField === undefined ? undefined : named[nameField];
  return {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": latestVersion,
      "Mcp-Method": method,
      ...(typeof name === "string" && { "Mcp-Name": encodeHeaderValue(name) }),
      ...headers,
      ...mirroredHeaders(parts),
    },
    body: {
      jsonrpc: "2.0",
      id,
      method,
      params: { ...boundedParams(named), _meta: metaOf(parts) },
    },
  };
}

/** Returns the command that sends an example, for a shell. */
export function curlCommand(url: string, { headers, body }: ExampleRequest): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `-H ${shellQuoted(`${name}: ${value}`)}`,
  );
  return [`curl ${shellQuoted(url)}`, ...lines, `-d ${shellQuoted(JSON.stringify(body))}`].join(
    " \\\n  ",
  );
}

/** Quotes a text for a POSIX shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Adds a placeholder for an absent name. */
function withName(params: JSONObject, field: string): JSONObject {
  const name = params[field];
  return { ...params, [field]: typeof name === "string" ? shortened(name) : `<${field}>` };
}

function shortened(text: string): string {
  return text.length <= maxNameLength ? text : leftOut(text.length);
}

function leftOut(size: number): string {
  return `<left out: ${size > maxParams ? `more than ${maxParams}` : size} characters>`;
}

const exampleClient = { name: "example-client", version: "1.0.0" };

/** Fields that are too large become the defaults, because a marker would not be valid. */
function metaOf({ meta = {}, capabilities = {} }: ExampleParts): JSONObject {
  const small = Object.entries(meta).filter(([, field]) => sizeOf(field, maxParams) <= maxParams);
  const { [metaKeys.clientCapabilities]: declared, ...others } = Object.fromEntries(small);
  return {
    [metaKeys.clientInfo]: exampleClient,
    ...others,
    [metaKeys.protocolVersion]: latestVersion,
    [metaKeys.clientCapabilities]: merged(isObject(declared) ? declared : {}, capabilities),
  };
}

function merged(one: JSONObject, other: JSONObject): JSONObject {
  const added = Object.entries(other).map(([key, value]) => {
    const before = Object.hasOwn(one, key) ? one[key] : undefined;
    return [key, isObject(before) && isObject(value) ? merged(before, value) : value];
  });
  return { ...one, ...Object.fromEntries(added) };
}

function mirroredHeaders({ params, mirrored = {} }: ExampleParts): Record<string, string> {
  const args = isObject(params?.arguments) ? params.arguments : {};
  const all = Object.entries(mirrored).map(([header, path]) => ({ header, path }));
  try {
    const headers = Object.entries(encodeHeaderParams(all, args));
    return Object.fromEntries(headers.map(([name, value]) => [name, shortened(value)]));
  } catch {
    // An integer outside of the safe range has no header.
    return {};
  }
}

/** Keeps members as long as all of them together are within the maximum. */
function boundedParams({ _meta, ...params }: JSONObject): JSONObject {
  let left = maxParams;
  const plausible = Object.entries(params).filter(([key]) => key.length <= maxKeyLength);
  const members = plausible.slice(0, maxMembers).map(([key, value]) => {
    const size = key.length + sizeOf(value, left);
    if (size > left) return [key, leftOut(size)];
    left -= size;
    return [key, value];
  });
  return Object.fromEntries(members);
}

/** Returns the approximate size of a value as JSON. Stops counting above `most`. */
function sizeOf(value: unknown, most: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  let size = 2;
  for (const key in value) {
    // Checked before the next member, so that the depth is bounded, too.
    if (size > most) break;
    size += key.length + 4;
    size += sizeOf((value as JSONObject)[key], most - size);
  }
  return size;
}
