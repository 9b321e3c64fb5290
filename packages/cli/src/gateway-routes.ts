/** `lutra gateway routes`: explains which route a request would take. */
import { explainRoutes } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { Command } from "./command-line.ts";
import { configArgument, loadGatewayConfig } from "./gateway-config.ts";

export const gatewayRoutes: Command = {
  name: "gateway routes",
  summary: "Explains which route a request would take, and why.",
  details:
    "Matches a request with the given method, name and parameters against the routes of <config>,\n" +
    "without sending it. Exits with 0 if a route matches, otherwise with 1. For example:\n" +
    "  lutra gateway routes gateway.yaml tools/call search Country=FR",
  arguments: [
    configArgument,
    { name: "method", description: "the name of a method such as tools/call" },
    { name: "name", description: "the value of Mcp-Name", isOptional: true },
    {
      name: "param=value",
      description: "values of Mcp-Param-* headers",
      isOptional: true,
      isRest: true,
    },
  ],
  options: {
    principal: { placeholder: "P", description: "Principal of the caller (default: none)" },
  },
  run: async ({ values, options }) => {
    const [file = "", method = "", ...rest] = values;
    const { config } = await loadGatewayConfig(file);
    const [first, ...others] = rest;
    const isName = first !== undefined && !isParam(first);
    const { principal } = options;
    const { route, lines } = explainRoutes(config, {
      method,
      ...(isName && { name: first }),
      ...(typeof principal === "string" && { principal }),
      params: paramsOf(isName ? others : rest),
    });
    for (const line of lines) console.log(line);
    return route === undefined ? 1 : 0;
  },
};

/** True for `name=value`. */
function isParam(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+=/.test(text);
}

function paramsOf(texts: readonly string[]): { readonly [name: string]: string } {
  return Object.fromEntries(
    texts.map((text) => {
      if (!isParam(text)) {
        throw new CommandError(`gateway routes: ${text}: expected name=value`, 2);
      }
      const at = text.indexOf("=");
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
