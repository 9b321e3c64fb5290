/** Which route a request takes: the first whose conditions all hold. */
import { latestVersion, ProtocolError } from "lutra/protocol";
import type { RouteConfig } from "../config/schema.ts";
import { type Caller, type Condition, compileMatch } from "./match.ts";

/** A route with its conditions compiled. */
export interface Route {
  /** Its place in the configuration, from 0. */
  readonly index: number;
  readonly config: RouteConfig;
  readonly conditions: readonly Condition[];
}

export interface Routes {
  readonly all: readonly Route[];
  /**
   * The route of a request; `undefined` when none fits.
   *
   * @throws {ProtocolError} where conditions look at headers that prove nothing
   */
  readonly find: (caller: Caller) => Route | undefined;
}

/** Compiles the routes: for each method only those are tried that could fit. */
export function compileRoutes(configs: readonly RouteConfig[]): Routes {
  const all = configs.map((config, index) => ({
    index,
    config,
    conditions: compileMatch(config.match),
  }));
  const readsHeaders = all.some(({ config }) => lookAtHeaders(config));
  const byMethod = new Map<string, readonly Route[]>();
  for (const method of all.flatMap(({ config }) => exactMethods(config) ?? [])) {
    byMethod.set(
      method,
      all.filter(({ config }) => exactMethods(config)?.includes(method) ?? true),
    );
  }
  const other = all.filter(({ config }) => exactMethods(config) === undefined);
  return {
    all,
    find: (caller) => {
      const { head } = caller;
      if (readsHeaders) requireMetadata(caller);
      const candidates = byMethod.get(head.method ?? "") ?? other;
      for (const route of candidates) if (fits(route, caller)) return route;
      return undefined;
    },
  };
}

function fits({ conditions }: Route, caller: Caller): boolean {
  for (const condition of conditions) if (!condition.holds(caller)) return false;
  return true;
}

/** The methods that a route is for; `undefined` when only its conditions can tell. */
function exactMethods({ match }: RouteConfig): readonly string[] | undefined {
  if (match?.method === undefined) return undefined;
  const methods = [match.method].flat();
  return methods.some((method) => method.includes("*")) ? undefined : methods;
}

function lookAtHeaders({ match }: RouteConfig): boolean {
  return match?.method !== undefined || match?.name !== undefined || match?.param !== undefined;
}

/**
 * A rule on headers needs a revision whose servers compare them with the body. Without one they may
 * say anything, so nothing is guessed.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
function requireMetadata({ head }: Caller): void {
  if (head.version === undefined) {
    const message = "MCP-Protocol-Version: missing or older than the metadata headers";
    throw new ProtocolError("headerMismatch", `Header mismatch: ${message}`, {
      data: { supported: [latestVersion] },
    });
  }
  if (head.method !== undefined) return;
  throw new ProtocolError("headerMismatch", "Header mismatch: Mcp-Method: missing");
}
