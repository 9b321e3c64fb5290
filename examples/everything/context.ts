/** Additional parameters of some scenarios. */
export function readContext<Context>(): Context {
  return JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");
}
