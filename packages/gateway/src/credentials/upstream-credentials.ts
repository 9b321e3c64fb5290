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
import type { OwnToken } from "../delivery/own-token.ts";
import { scopeFailureOf } from "../delivery/scope-challenge.ts";
import { createOwnToken } from "./create-own-token.ts";
import { isRefused, noSubjectToken, unverifiedCaller } from "./credential-errors.ts";
import { createObtain, type Obtain } from "./obtain.ts";
import type { RequestingCaller } from "./requesting-caller.ts";
import { StepUps } from "./step-ups.ts";
import { TokenCache } from "./token-cache.ts";
import { TokenOutage } from "./token-outage.ts";

export interface UpstreamCredentials {
  /** Returns the token for a request if it is known already. */
  readonly peek: (caller: RequestingCaller) => OwnToken | undefined;
  /**
   * Resolves to the token for a request.
   *
   * @throws {ProtocolError} for a caller that gets none, and while the authorization server is
   *   unavailable
   */
  readonly get: (caller: RequestingCaller, signal?: AbortSignal) => Promise<OwnToken>;
  /** Reports that the upstream has refused a token, which is then not used again. */
  readonly refused: (caller: RequestingCaller, token: OwnToken) => void;
  /**
   * Reports that the upstream requires scopes that a token lacks. Returns true if `get` may resolve to
   * one that has them.
   */
  readonly stepUp: (
    caller: RequestingCaller,
    token: OwnToken,
    scopes: readonly string[],
  ) => boolean;
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
  const { name, config, resource, onWarning, now = Date.now } = init;
  const obtain = init.obtain ?? createObtain(init);
  const nonce = { current: undefined };
  const cache = new TokenCache({
    now,
    toOwn: (token) => createOwnToken(token, { url: resource, nonce, now }),
  });
  const perCaller = isPerCaller(config);
  const outage = new TokenOutage(name, onWarning);
  const stepUps = new StepUps(config);

  async function obtained(caller: RequestingCaller, key: string, further: readonly string[]) {
    try {
      const token = await obtain(caller.token, further);
      outage.succeeded();
      return token;
    } catch (error) {
      // Requests that do not need them are not affected.
      if (further.length > 0) stepUps.lower(key);
      if (further.length > 0 && isRefused(error)) throw scopeFailureOf(name, further).error;
      throw outage.failed(error);
    }
  }

  /** The tokens of one caller may have different permissions, so they are exchanged for several. */
  const keyOf = ({ principal, token }: RequestingCaller): string | undefined =>
    perCaller ? hash("sha256", JSON.stringify([principal?.id, token]), "base64url") : undefined;
  const currentOf = (key: string) => [key, ...stepUps.of(key)].join(" ");

  return {
    keyOf,
    peek: (caller) => cache.peek(currentOf(keyOf(caller) ?? "")),
    get: async (caller, signal) => {
      if (perCaller && caller.principal === undefined) throw unverifiedCaller();
      if (perCaller && caller.token === undefined) throw noSubjectToken(name);
      const key = keyOf(caller) ?? "";
      const further = stepUps.of(key);
      const token = cache.get(currentOf(key), () => obtained(caller, key, further));
      return unlessAborted(token, signal);
    },
    refused: (caller, token) => cache.drop(currentOf(keyOf(caller) ?? ""), token),
    stepUp: (caller, token, scopes) => {
      const key = keyOf(caller) ?? "";
      // A concurrent request may have asked for the same.
      const isReplaced = cache.peek(currentOf(key)) !== token;
      return (isReplaced && stepUps.includes(key, scopes)) || stepUps.raise(key, scopes);
    },
  };
}
