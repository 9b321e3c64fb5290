/** The packages whose servers and clients this package reads. */

/** A package of another implementation, by the names of its modules. */
export type Sdk = "official-v1" | "official-v2" | "fastmcp";

const patterns: { readonly [sdk in Sdk]: RegExp } = {
  "official-v1": /^@modelcontextprotocol\/sdk(?:\/|$)/,
  "official-v2":
    /^@modelcontextprotocol\/(?:server|client|core|node|express|hono|fastify|server-legacy)(?:\/|$)/,
  fastmcp: /^fastmcp(?:\/|$)/,
};

/** Returns the package to which the name of a module belongs. */
export function sdkOf(module: string): Sdk | undefined {
  return (Object.keys(patterns) as Sdk[]).find((sdk) => patterns[sdk].test(module));
}
