/**
 * The credentials with which the gateway calls an upstream: access tokens of its own, since it passes
 * on none of its callers'.
 *
 * @spec basic/authorization/security-considerations#access-token-privilege-restriction
 */
import { hash } from "node:crypto";
import { unlessAborted } from "lutra/internal";
import type { UpstreamAuthConfig, UpstreamConfig } from "../config/schema.ts";
import { isPerCaller } from "../config/upstream-grants.ts";
import {
  type SecretFiles,
  type UpstreamSecrets,
  upstreamSecretsOf,
} from "../config/upstream-secrets.ts";
import { noSubjectToken, unverifiedCaller } from "./credential-errors.ts";
import { createObtain, type Obtain } from "./obtain.ts";
import type { RequestingCaller } from "./requesting-caller.ts";
import { TokenCache } from "./token-cache.ts";
import { TokenOutage } from "./token-outage.ts";

export interface UpstreamCredentials {
  /** Returns the token for a request if it is known already. */
  readonly peek: (caller: RequestingCaller) => string | undefined;
  /**
   * Resolves to the token for a request.
   *
   * @throws {ProtocolError} for a caller that gets none, and while the authorization server is
   *   unavailable
   */
  readonly get: (caller: RequestingCaller, signal?: AbortSignal) => Promise<string>;
  /** Reports that the upstream has refused a token, which is then not used again. */
  readonly refused: (caller: RequestingCaller, token: string) => void;
  /**
   * Returns the key of a caller, which is the same for its tokens over time. Undefined if all callers
   * have the same token.
   */
  readonly keyOf: (caller: RequestingCaller) => string | undefined;
}

export interface UpstreamCredentialsInit {
  /** The name of the upstream. */
  readonly name: string;
  readonly config: UpstreamAuthConfig;
  /** The resource identifier of the upstream. */
  readonly resource: string;
  readonly secrets: UpstreamSecrets;
  /** Called when tokens can no longer be obtained, and when they can again. */
  readonly onWarning: (message: string, cause?: unknown) => void;
  /** @default requests to the authorization server */
  readonly obtain?: Obtain;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Returns the credentials of an upstream by its configuration. Undefined for one without `auth`. */
export function upstreamCredentialsOf(
  name: string,
  { auth, url = [] }: UpstreamConfig,
  {
    secretFiles,
    onWarning,
  }: Pick<UpstreamCredentialsInit, "onWarning"> & { readonly secretFiles: SecretFiles },
): UpstreamCredentials | undefined {
  if (auth === undefined) return undefined;
  const { resource = String([url].flat()[0]) } = auth;
  const secrets = upstreamSecretsOf(auth, secretFiles);
  return createUpstreamCredentials({ name, config: auth, resource, secrets, onWarning });
}

/** Creates the credentials of an upstream. Nothing is requested before the first token is needed. */
function createUpstreamCredentials(init: UpstreamCredentialsInit): UpstreamCredentials {
  const { name, config, onWarning, now = Date.now } = init;
  const obtain = init.obtain ?? createObtain(init);
  const cache = new TokenCache({ now });
  const perCaller = isPerCaller(config);
  const outage = new TokenOutage(name, onWarning);

  async function obtained(caller: RequestingCaller) {
    try {
      const token = await obtain(caller.token);
      outage.succeeded();
      return token;
    } catch (error) {
      throw outage.failed(error);
    }
  }

  /** The tokens of one caller may have different permissions, so they are exchanged for several. */
  const keyOf = ({ principal, token }: RequestingCaller): string | undefined =>
    perCaller ? hash("sha256", JSON.stringify([principal?.id, token]), "base64url") : undefined;

  return {
    keyOf,
    peek: (caller) => cache.peek(keyOf(caller) ?? ""),
    get: async (caller, signal) => {
      if (perCaller && caller.principal === undefined) throw unverifiedCaller();
      if (perCaller && caller.token === undefined) throw noSubjectToken(name);
      const token = cache.get(keyOf(caller) ?? "", () => obtained(caller));
      return unlessAborted(token, signal);
    },
    refused: (caller, token) => cache.drop(keyOf(caller) ?? "", token),
  };
}
