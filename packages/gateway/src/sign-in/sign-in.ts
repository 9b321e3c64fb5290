/** The sign-ins of users, for upstreams that need an account of each of them. */
import type { RegisteredClient, TokenStore } from "lutra/auth/client";
import type { Principal } from "lutra/protocol";
import type { Sealer, SealKey } from "lutra/server";
import type { HandleStore } from "lutra/stores";
import type { CompleteConfig } from "../config/complete-routes.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import type { UpstreamAuthConfig, UpstreamConfig } from "../config/schema.ts";
import { secretsOf } from "../config/upstream-secrets.ts";
import type { UpstreamCredentials } from "../credentials/upstream-credentials.ts";
import { createAccountCredentials } from "./account-credentials.ts";
import { type Account, type AuthModules, createAccounts } from "./accounts.ts";
import { createBrowserSessions } from "./browser-sessions.ts";
import { createConsents } from "./consents.ts";
import { type ConnectedUpstream, SignInPages } from "./sign-in-pages.ts";
import { signInPath } from "./sign-in-path.ts";
import { sealTicket } from "./tickets.ts";

/** The parts of sign-ins that last as long as the gateway. */
export interface SignInResources {
  readonly handles: HandleStore;
  readonly modules: AuthModules;
}

export interface SignInsOptions extends SignInResources {
  /** Returns the keys of the current configuration. */
  readonly keys: () => readonly SealKey[];
  /** Returns the sealer of the current configuration. */
  readonly sealer: () => Sealer;
  /** Verifies an access token that was issued for the gateway. */
  readonly identify: (token: string) => Promise<Principal | undefined>;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/** The claims in which authorization servers name the client of a token. */
const clientClaims = ["client_id", "azp", "appid", "cid"] as const;

export class SignIns {
  readonly #options: SignInsOptions;
  readonly #connected = new Map<string, ConnectedUpstream>();
  #store: { readonly keys: readonly SealKey[]; readonly store: TokenStore } | undefined;

  constructor(options: SignInsOptions) {
    this.#options = options;
  }

  /** Creates the credentials of an upstream with the grant `sign-in`. */
  credentialsFor(
    name: string,
    { auth, url = [] }: UpstreamConfig & { readonly auth: UpstreamAuthConfig },
    parsed: ParsedConfig,
  ): UpstreamCredentials {
    const { sealer, onWarning, modules } = this.#options;
    const base = baseOf(parsed.config);
    const { issuer, scopes, resource = String([url].flat()[0]) } = auth;
    const accounts = createAccounts({
      ...{ resource, scopes, modules },
      client: clientOf(auth, issuer, parsed),
      redirectUri: `${base}/callback`,
      store: this.#tokens(),
    });
    // The tokens of one user for two upstreams are different ones, even at one issuer.
    const accountOf = (principal: string) => accounts.of(JSON.stringify([name, principal]));
    const consents = createConsents(this.#tokens(), name);
    this.#connected.set(name, { issuer, scopes, accountOf, consents });
    const linkFor = async (principal: Principal, client: string) => {
      const ticket = { principal: principal.id, client, upstream: name };
      return `${base}?ticket=${encodeURIComponent(await sealTicket(sealer(), ticket))}`;
    };
    return createAccountCredentials({
      ...{ name, resource, accountOf, linkFor, onWarning },
      isPermitted: (principal, client) => consents.has(principal.id, client),
      clientOf: clientNameOf,
    });
  }

  /** Creates the pages of a configuration; undefined for one without sign-ins. */
  pages(parsed: ParsedConfig): SignInPages | undefined {
    const { auth, name } = parsed.config;
    const { sealer, identify, onWarning, modules } = this.#options;
    if (auth?.signIn === undefined || auth.issuer === undefined) return undefined;
    const { issuer, resource = "", scopes, signIn } = auth;
    const base = baseOf(parsed.config);
    const store = this.#tokens();
    const own = createAccounts({
      ...{ resource, scopes, modules, store },
      client: clientOf(signIn, issuer, parsed),
      redirectUri: `${base}/return`,
    });
    const ownAccountOf = (session: string): Account => own.of(JSON.stringify(["browser", session]));
    return new SignInPages({
      ...{ name, base, sealer, identify, onWarning, ownAccountOf },
      sessions: createBrowserSessions(store),
      upstream: (wanted) => this.#connected.get(wanted),
    });
  }

  /** The store, which encrypts with the current keys. */
  #tokens(): TokenStore {
    const current = () => {
      const keys = this.#options.keys();
      if (this.#store?.keys !== keys) {
        const { handles, modules } = this.#options;
        const texts = keys.map(({ secret }) => textOf(secret));
        const store = modules.oauth.createSharedTokenStore({ handles, keys: texts });
        this.#store = { keys, store };
      }
      return this.#store.store;
    };
    return {
      get: (...args) => current().get(...args),
      set: (...args) => current().set(...args),
      delete: (...args) => current().delete(...args),
      lock: (...args) => current().lock(...args),
    };
  }
}

/** Returns the URL of the pages: below the resource, since the gateway knows no other URL of itself. */
function baseOf({ auth }: CompleteConfig): string {
  return String(auth?.resource).replace(/\/$/, "") + signInPath;
}

function clientOf(
  client: { readonly clientId: string } & Parameters<typeof secretsOf>[0],
  issuer: string,
  { secretFiles = new Map() }: ParsedConfig,
): RegisteredClient {
  const { clientSecret, privateKey } = secretsOf(client, secretFiles);
  return {
    ...{ issuer, clientId: client.clientId },
    ...(clientSecret !== undefined && { clientSecret }),
    ...(privateKey !== undefined && { key: { privateKey } }),
  };
}

/** Returns the client in the token of a principal; undefined if the token names none. */
function clientNameOf({ claims = {} }: Principal): string | undefined {
  const named = clientClaims.map((name) => claims[name]);
  return named.find((one) => typeof one === "string" && one !== "") as string | undefined;
}

function textOf(secret: string | Uint8Array): string {
  return typeof secret === "string" ? secret : Buffer.from(secret).toString("base64");
}
