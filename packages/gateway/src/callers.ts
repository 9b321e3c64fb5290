/**
 * The callers that a gateway accepts, by its options or its configuration.
 *
 * @spec basic/authorization/index#token-handling
 */
import { failClosed } from "lutra/internal";
import { bearerTokens, type ProtectedResource, type ReadHeader } from "lutra/node";
import { isPrincipal, type Principal, requireScopes } from "lutra/protocol";
import type { CompleteConfig } from "./config/complete-routes.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { Authenticate, GatewayOptions } from "./gateway-options.ts";
import type { Head } from "./head/head.ts";

/** The rules for callers; absent for a gateway that verifies none. */
export interface Callers {
  /** Identifies the caller of a request, at once or later. Throws or rejects for one that is not accepted. */
  readonly identify: (
    header: ReadHeader,
    head: Head,
  ) => Principal | undefined | Promise<Principal | undefined>;
  /**
   * True when upstreams receive the credentials, too. By default they do not: these were issued for
   * the gateway, and an upstream could use them elsewhere.
   */
  readonly forwardsCredentials: boolean;
  /** The description of the gateway for clients that sign in, which its endpoint serves. */
  readonly resource?: ProtectedResource | undefined;
}

type CallerOptions = Pick<GatewayOptions, "authenticate" | "anonymous" | "forwardCredentials">;

/**
 * Creates the rules from the options or from the configuration. Returns undefined without either.
 *
 * @throws {TypeError} if both exist, for a file that was not loaded with the configuration, and if the
 *   tokens of callers would be passed through to several upstreams
 */
export function createCallers(
  parsed: ParsedConfig,
  options: CallerOptions,
  onError: (error: unknown) => void,
): Callers | undefined {
  const { auth } = parsed.config;
  if (options.authenticate !== undefined && auth !== undefined) {
    throw new TypeError("authenticate: expected either the option or `auth` in the configuration");
  }
  const authenticate = options.authenticate ?? (auth && configured(parsed));
  if (authenticate === undefined) return undefined;
  const { anonymous = false, forwardCredentials = false } = auth ?? options;
  const { scopes = [] } = auth ?? {};
  if (forwardCredentials) requireOneUpstream(parsed.config);
  return {
    identify: failClosed(requiring(scopes, authenticate), { anonymous, onError }),
    forwardsCredentials: forwardCredentials,
    resource: authenticate.resource,
  };
}

/** Returns an `authenticate` that also refuses callers without these scopes. */
function requiring(scopes: readonly string[], authenticate: Authenticate): Authenticate {
  if (scopes.length === 0) return authenticate;
  const checked: Authenticate = async (...args) => {
    const principal = await authenticate(...args);
    if (isPrincipal(principal)) requireScopes(principal, scopes);
    return principal;
  };
  return Object.assign(checked, { resource: authenticate.resource });
}

/** A caller's token is one for this gateway, so only a server that is the same resource may get the token. */
function requireOneUpstream({ upstreams }: Pick<CompleteConfig, "upstreams">): void {
  if (Object.keys(upstreams).length <= 1) return;
  throw new TypeError(
    "forwardCredentials: would pass the tokens of callers through to several servers, each of which could use them at the others; give upstreams tokens of their own with auth",
  );
}

function configured({ config: { auth }, authenticate }: ParsedConfig): Authenticate {
  if (auth?.tokens !== undefined) return bearerTokens(auth.tokens);
  if (authenticate !== undefined) return authenticate;
  const key = auth?.module === undefined ? "auth.tokensFile" : "auth.module";
  throw new TypeError(`${key}: expected a configuration from loadConfig, which reads the file`);
}
