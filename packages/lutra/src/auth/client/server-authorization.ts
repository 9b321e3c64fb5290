/**
 * The authorization of one server: its tokens, and how they are renewed. Work that obtains tokens runs
 * once at a time, for all requests of this process and for all processes that share the store.
 *
 * @spec basic/authorization/index#step-up-authorization-flow
 */
import type { DPoPHandle } from "oauth4webapi";
import { isTransportError } from "../../protocol/transport-error.ts";
import { addressOf } from "../../transport/http/client.ts";
import {
  AuthorizationError,
  isAuthorizationError,
  SignInRequiredError,
} from "./authorization-error.ts";
import type { Refusal } from "./challenge.ts";
import { createProofs } from "./dpop.ts";
import type { Grant } from "./grant.ts";
import type { CompleteOptions } from "./options.ts";
import type { Entry, Records, Tokens } from "./records.ts";
import { refreshed } from "./refresh.ts";
import { canonicalURI, type ProtectedResource, readResourceMetadata } from "./resource-metadata.ts";
import { selectScopes } from "./scopes.ts";
import { readServerMetadata } from "./server-metadata.ts";
import { SharedSignIn } from "./shared-sign-in.ts";

/** Time before its end after which a token is not used any more, in milliseconds. */
const expiryMarginMs = 10_000;

/** The origin of tokens that no response has accepted yet. */
type Unproven = "refreshed" | "granted";

export class ServerAuthorization {
  readonly server: URL;
  readonly #options: CompleteOptions;
  readonly #records: Records;
  readonly #entry: Entry<Tokens>;
  readonly #fetch: typeof fetch;
  readonly #signIns: SharedSignIn;
  #tokens: Tokens | undefined;
  #isLoaded = false;
  #unproven: Unproven | undefined;
  #recovering: Promise<void> | undefined;
  #proofs: { readonly of: Tokens["dpopKey"]; readonly handle: DPoPHandle } | undefined;

  constructor(server: URL, options: CompleteOptions, records: Records) {
    this.server = server;
    this.#options = options;
    this.#records = records;
    this.#entry = records.tokens(server.href);
    this.#fetch = options.fetchFor(server);
    // This lock is separate from that of the tokens, since a person may need minutes.
    this.#signIns = new SharedSignIn(records.signIn(server.href).lock);
  }

  /** Resolves to the tokens for the next request, refreshed if they have expired. */
  async tokens(): Promise<Tokens | undefined> {
    if (!this.#isLoaded) {
      this.#tokens = await this.#entry.get();
      this.#isLoaded = true;
    }
    if (this.#tokens === undefined) return undefined;
    if (this.#isExpired(this.#tokens)) await this.#once(() => this.#renewExpired());
    return this.#usable();
  }

  /**
   * Reads the tokens again, which another process may have stored, and resolves to them like `tokens`.
   *
   * @param refused An access token that is renewed as if it had expired
   */
  async readTokens(refused: string | undefined): Promise<Tokens | undefined> {
    if (refused !== undefined) {
      await this.#entry.lock(async () => {
        const stored = await this.#entry.get();
        if (stored?.accessToken === refused) await this.#entry.set({ ...stored, expiresAt: 0 });
      });
    }
    this.#isLoaded = false;
    return this.tokens();
  }

  /** Resolves to the signer of proofs for tokens that are bound to a key. */
  async proofsOf({ dpopKey }: Tokens): Promise<DPoPHandle | undefined> {
    if (dpopKey === undefined) return undefined;
    if (this.#proofs?.of !== dpopKey) {
      this.#proofs = { of: dpopKey, handle: await createProofs(dpopKey) };
    }
    return this.#proofs.handle;
  }

  /** Records that the server has accepted the tokens. */
  accepted(tokens: Tokens): void {
    if (tokens === this.#tokens) this.#unproven = undefined;
  }

  /**
   * Obtains other tokens after a refusal. Resolves when the request can be sent again.
   *
   * @throws {AuthorizationError} when no tokens can be obtained; with `signIn` when a person can help
   */
  async recover(refusal: Refusal, used: Tokens | undefined): Promise<void> {
    if (this.#signIns.isRunning) throw this.#signInRequired(refusal, used);
    await this.#once(() => this.#recover(refusal, used));
  }

  /** Obtains tokens with the help of the user, or by the grant of a program. */
  async signIn(refusal: Refusal, used: Tokens | undefined, signal?: AbortSignal): Promise<void> {
    const work = async (shared: AbortSignal): Promise<void> => {
      if (await this.#hasChanged(used)) return;
      await this.#grant(refusal, await this.#discover(refusal, shared), shared);
    };
    await this.#signIns.join((shared) => this.#guarded(() => work(shared)), signal);
  }

  /** Stores tokens, and uses them for the next request. */
  async store(tokens: Tokens, how: Unproven): Promise<void> {
    // Stored before they are used: a refresh token that was lost cannot be used again.
    await this.#entry.set(tokens);
    this.#tokens = tokens;
    this.#isLoaded = true;
    this.#unproven = how;
  }

  /** Forgets the tokens. Resolves to them. */
  async forget(): Promise<Tokens | undefined> {
    const tokens = await this.#entry.get();
    await this.#entry.delete();
    this.#tokens = undefined;
    this.#unproven = undefined;
    return tokens;
  }

  async #recover(refusal: Refusal, used: Tokens | undefined): Promise<void> {
    if (await this.#hasChanged(used)) return;
    const current = this.#tokens;
    if (current !== undefined) this.#requireHope(refusal, current);
    // Read again with every refusal: a refresh token must not reach another authorization server.
    const found = await this.#discover(refusal, undefined);
    const mayRefresh = refusal.status === 401 && this.#unproven === undefined;
    if (mayRefresh && current !== undefined && isIssuedFor(found, current)) {
      if (await this.#refresh(current)) return;
    }
    if (this.#options.grant.isInteractive) throw this.#signInRequired(refusal, used);
    await this.#grant(refusal, found, undefined);
  }

  #signInRequired(refusal: Refusal, used: Tokens | undefined): SignInRequiredError {
    return new SignInRequiredError(addressOf(this.server), {
      signIn: (signal) => this.signIn(refusal, used, signal),
    });
  }

  /** Reads the tokens again. Returns true when they are valid, and differ from those that were used. */
  async #hasChanged(used: Tokens | undefined): Promise<boolean> {
    const stored = await this.#entry.get();
    if (stored?.accessToken !== this.#tokens?.accessToken) {
      this.#tokens = stored;
      this.#unproven = undefined;
    }
    const usable = this.#usable();
    return usable !== undefined && usable.accessToken !== used?.accessToken;
  }

  /** Throws when other tokens would be refused in the same way. */
  #requireHope({ status, scopes }: Refusal, { requestedScopes }: Tokens): void {
    const address = addressOf(this.server);
    if (status === 401 && this.#unproven === "granted") {
      throw new AuthorizationError(
        "token_refused",
        `${address}: refused a token that its authorization server has just issued; ask its operator`,
      );
    }
    if (status === 403 && scopes.every((scope) => requestedScopes.includes(scope))) {
      const needed = scopes.length === 0 ? "other scopes" : `the scope ${scopes.join(" ")}`;
      throw new AuthorizationError(
        "insufficient_scope",
        `${address}: requires ${needed}, which was asked for but not granted; ask its operator for the permission`,
        { status },
      );
    }
  }

  async #discover(refusal: Refusal, signal: AbortSignal | undefined): Promise<ProtectedResource> {
    const { issuer } = this.#options;
    if (issuer !== undefined) {
      const resource = canonicalURI(this.server);
      return { resource, authorizationServers: [issuer], scopesSupported: [], requiresDPoP: false };
    }
    return readResourceMetadata(this.server, refusal, { fetch: this.#fetch, signal });
  }

  /** @spec basic/authorization/client-registration#authorization-server-binding */
  async #grant(
    refusal: Refusal,
    { resource, ...found }: ProtectedResource,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { grant, scopes: added, dpop, now } = this.#options;
    const previous = this.#tokens;
    const fetch = this.#fetch;
    const issuer = chosenIssuer(found.authorizationServers, previous, grant);
    const as = await readServerMetadata(issuer, { fetch, signal });
    const scopes = selectScopes({
      challenged: refusal.scopes,
      supported: found.scopesSupported,
      previous: previous?.issuer === issuer ? previous.requestedScopes : [],
      added,
    });
    const isDPoP = dpop || refusal.asksForDPoP || found.requiresDPoP;
    const { server } = this;
    const records = this.#records;
    const request = { server, resource, as, scopes, isDPoP, records, fetch, now, signal };
    await this.store(await grant.obtain(request), "granted");
  }

  async #renewExpired(): Promise<void> {
    await this.#hasChanged(undefined);
    const current = this.#tokens;
    if (current !== undefined && this.#isExpired(current)) await this.#refresh(current);
  }

  /** Resolves to false without a refresh token that is valid. */
  async #refresh(tokens: Tokens): Promise<boolean> {
    if (tokens.refreshToken === undefined) return false;
    const { grant, now } = this.#options;
    const client = grant.credentialsOf(tokens.issuer, tokens.client);
    const renewed = await refreshed(tokens, { client, fetch: this.#fetch, now });
    if (renewed !== undefined) {
      await this.store(renewed, "refreshed");
      return true;
    }
    // The rest is kept, because its scopes are asked for again.
    const { refreshToken: _, ...rest } = tokens;
    await this.#entry.set(rest);
    this.#tokens = rest;
    return false;
  }

  #usable(): Tokens | undefined {
    const tokens = this.#tokens;
    return tokens === undefined || this.#isExpired(tokens) ? undefined : tokens;
  }

  #isExpired({ expiresAt = Number.POSITIVE_INFINITY }: Tokens): boolean {
    // A new token is used once at least, also if its whole lifetime is shorter than the margin.
    const marginMs = this.#unproven === undefined ? expiryMarginMs : 0;
    return expiresAt - marginMs <= this.#options.now();
  }

  /** Runs work for all requests that wait for it. */
  #once(work: () => Promise<void>): Promise<void> {
    this.#recovering ??= this.#guarded(() => this.#entry.lock(work)).finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  /** Turns a failed request into a failure of authorization, which says nothing about the server. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isAuthorizationError(error) || !isTransportError(error)) throw error;
      if (error.reason === "aborted") throw error;
      const failure = error.reason === "refused" ? "unsafe_url" : "server_error";
      const message = `${addressOf(this.server)}: could not be authorized: ${error.message}`;
      throw new AuthorizationError(failure, message, { cause: error });
    }
  }
}

/** Returns true while a server names the issuer of tokens, and the resource that they are for. */
function isIssuedFor(found: ProtectedResource, { issuer, resource }: Tokens): boolean {
  return found.resource === resource && found.authorizationServers.includes(issuer);
}

/** Returns the issuer that the client knows already, or else the first. */
function chosenIssuer(
  offered: readonly string[],
  previous: Tokens | undefined,
  { issuers }: Grant,
): string {
  const known = [...(previous === undefined ? [] : [previous.issuer]), ...issuers];
  return known.find((one) => offered.includes(one)) ?? (offered[0] as string);
}
