/** Finds the route of a request: the first one whose conditions all hold. */
import { headerMismatch } from "lutra/internal";
import { modernVersions, requireVersion, requireVersionHeader } from "lutra/protocol";
import type { RouteConfig } from "../config/schema.ts";
import type { Head } from "../head/head.ts";
import { type Condition, compileMatch, type RoutingInput } from "./match.ts";

/** A route with its conditions compiled. */
interface Route {
  /** The index in the configuration. */
  readonly index: number;
  readonly config: RouteConfig;
  readonly conditions: readonly Condition[];
}

export interface Routes {
  readonly all: readonly Route[];
  /**
   * Returns the route of a request by its head, or undefined when no route matches. Denials above it
   * may still apply to the subject of the request.
   *
   * @throws {ProtocolError} `headerMismatch` or `unsupportedProtocolVersion` where conditions test
   *   metadata headers that the request or its revision lacks
   */
  readonly find: (input: RoutingInput) => Route | undefined;
}

/**
 * Compiles the routes, so that only those that can match a method are tried for it.
 *
 * @param versions The protocol versions of clients, for errors. @default the modern ones
 */
export function compileRoutes(
  configs: readonly RouteConfig[],
  versions: readonly string[] = modernVersions,
): Routes {
  const all = configs.map((config, index) => ({
    index,
    config,
    conditions: compileMatch(config.match, config.deny === undefined ? "sent" : "subject"),
  }));
  const needsMetadata = all.some(({ config }) => testsHeaders(config));
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
    find: (input) => {
      const { head } = input;
      if (needsMetadata) requireMetadata(head, versions);
      const candidates = byMethod.get(head.method ?? "") ?? other;
      for (const route of candidates) if (allHold(route.conditions, input)) return route;
      return undefined;
    },
  };
}

/** Returns true if a request meets all conditions. */
export function allHold(conditions: readonly Condition[], input: RoutingInput): boolean {
  for (const condition of conditions) if (!condition.holds(input)) return false;
  return true;
}

/** Returns the methods of a route, or undefined when it matches methods by pattern or all. */
function exactMethods({ match }: RouteConfig): readonly string[] | undefined {
  if (match?.method === undefined) return undefined;
  const methods = [match.method].flat();
  return methods.some((method) => method.includes("*")) ? undefined : methods;
}

/** Returns true for conditions on anything but the caller: all others depend on headers. */
function testsHeaders({ match = {} }: RouteConfig): boolean {
  const { principal: _principal, scope: _scope, claim: _claim, ...others } = match;
  return Object.values(others).some((condition) => condition !== undefined);
}

/**
 * Rejects a request without metadata headers. Only servers of a revision that has them compare them
 * with the body; in an earlier one they could contain anything.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
function requireMetadata(head: Head, listed: readonly string[]): void {
  if (head.version === undefined) {
    requireVersionHeader(head.olderVersion, listed);
    requireVersion(head.olderVersion ?? "", modernVersions, listed);
  }
  if (head.method === undefined) {
    throw headerMismatch("Mcp-Method: missing, expected the value in the body");
  }
}
