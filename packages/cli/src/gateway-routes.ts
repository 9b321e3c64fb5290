/** `lutra gateway routes`: explains which route a request would take. */
import { explainRoutes } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { loadGatewayConfig } from "./gateway-config.ts";

export async function gatewayRoutes({ values, options }: CommandLine): Promise<number> {
  const [file = "", method = "", ...rest] = values;
  const { config } = await loadGatewayConfig(file);
  const [first, ...others] = rest;
  const isName = first !== undefined && !isParam(first);
  const { principal, scopes, host, path } = options;
  if (scopes !== undefined && principal === undefined) {
    throw new CommandError("gateway routes: --scopes requires --principal", 2);
  }
  const { route, lines } = explainRoutes(config, {
    method,
    ...(isName && { name: first }),
    ...(typeof host === "string" && { host }),
    ...(typeof path === "string" && { path }),
    ...(typeof principal === "string" && { principal }),
    ...(typeof scopes === "string" && { scopes: scopes.split(" ") }),
    params: paramsOf(isName ? others : rest),
  });
  for (const line of lines) console.log(line);
  return route === undefined ? 1 : 0;
}

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
