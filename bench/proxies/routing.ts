/** The routing of all proxies: calls of `sum` go to the second upstream, the rest to the first. */

/** The tool of the second upstream. */
export const secondTool = "sum";

/** The origins of the two upstreams, from the command line. */
export function upstreamOrigins(): readonly [string, string] {
  const [first, second] = process.argv.slice(2);
  if (first === undefined || second === undefined) throw new TypeError("expected two origins");
  return [first, second];
}
