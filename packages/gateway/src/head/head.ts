/**
 * The head of a request: the headers that the gateway routes by, without the body.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */

/** The head of one request. */
export interface Head {
  /** The method of HTTP. Absent for POST. */
  readonly httpMethod?: string | undefined;
  /**
   * `MCP-Protocol-Version`. Undefined for an earlier version than the first with metadata headers,
   * because its servers do not compare headers with the body.
   */
  readonly version: string | undefined;
  /** `MCP-Protocol-Version` of such an earlier revision. Absent for any other request. */
  readonly olderVersion?: string | undefined;
  /** `Mcp-Method`. */
  readonly method: string | undefined;
  /** `Mcp-Name`, decoded. Undefined for a method without a name field. */
  readonly name: string | undefined;
  /**
   * Returns a `Mcp-Param-*` header, decoded, by its lower-case name without the prefix. Returns
   * undefined for a method whose arguments are not mirrored, because no server compares its headers
   * with the body.
   */
  readonly param: (name: string) => string | undefined;
  /**
   * The headers for the upstream, as alternating names and values: without those of the connection,
   * with the forwarded headers.
   */
  readonly headers: readonly string[];
  /** All headers as the client sent them, by lower-case name. Absent for a request without any. */
  readonly sent?: { readonly [name: string]: string | readonly string[] | undefined };
  /** The address of the client, in front of all trusted proxies. */
  readonly address: string;
}

/** The head of a request that has none, or whose head is not read yet. */
export const noHead: Head = {
  version: undefined,
  method: undefined,
  name: undefined,
  param: () => undefined,
  headers: [],
  address: "",
};
