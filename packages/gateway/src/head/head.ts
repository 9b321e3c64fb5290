/**
 * What the gateway decides by: the request line and the headers, and nothing of the body.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */

/** The head of one request, read once. */
export interface Head {
  /** `MCP-Protocol-Version`, when it names a revision whose servers compare headers with bodies. */
  readonly version: string | undefined;
  /** `Mcp-Method`. */
  readonly method: string | undefined;
  /** `Mcp-Name`, decoded; absent beside a method that has no name. */
  readonly name: string | undefined;
  /** A `Mcp-Param-*` header by its name in lower case without the prefix, decoded. */
  readonly param: (name: string) => string | undefined;
  /** Names and values in turn, as they go on to an upstream: without those of the connection, with how it came. */
  readonly headers: readonly string[];
  /** The address of the client, behind the proxies that are trusted. */
  readonly address: string;
}
