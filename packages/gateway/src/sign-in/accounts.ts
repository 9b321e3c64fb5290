/** The accounts of users: at the gateway's own issuer, and at those of upstreams. */
import type {
  AccessToken,
  AccessTokenOptions,
  OAuth,
  RegisteredClient,
  TokenStore,
} from "lutra/auth/client";
import { BoundedMap } from "lutra/internal";

type OAuthModule = typeof import("lutra/auth/client");
type AuthModule = typeof import("lutra/auth");

/** The modules of OAuth, which are loaded only for gateways with sign-ins. */
export interface AuthModules {
  readonly oauth: OAuthModule;
  readonly auth: AuthModule;
}

/** Loads the modules. */
export async function loadAuthModules(): Promise<AuthModules> {
  return { oauth: await import("lutra/auth/client"), auth: await import("lutra/auth") };
}

export interface AccountsOptions {
  readonly client: RegisteredClient;
  /** The server for which tokens are issued. */
  readonly resource: string;
  readonly scopes: readonly string[];
  /** The URL to which users return. */
  readonly redirectUri: string;
  readonly store: TokenStore;
  readonly modules: AuthModules;
}

/** The accounts of all users at one authorization server. */
export interface Accounts {
  /** Returns the account of one user. */
  readonly of: (user: string) => Account;
}

export interface Account {
  /** Begins a sign-in. Resolves to the page to which the browser goes. */
  readonly begin: () => Promise<string>;
  /** Forgets the tokens. */
  readonly forget: () => Promise<unknown>;
  /** Ends a sign-in with the URL of the request with which the user returned. */
  readonly finish: (url: URL) => Promise<void>;
  /** Resolves to the access token; undefined while the user has to sign in. */
  readonly token: (options?: AccessTokenOptions) => Promise<AccessToken | undefined>;
}

/** Maximum number of users whose state is in memory; that of others is read from the store. */
const maxUsers = 1000;

/** Creates the accounts. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { client, resource, scopes, redirectUri, store, modules } = options;
  const { oauth, redirectSignIn } = modules.oauth;
  const trustedOrigins = [new URL(client.issuer).origin];
  const fetch = modules.auth.guardedFetch({ trustedOrigins });
  const grant = redirectSignIn({ redirectUri, clients: [client] });
  const known = new BoundedMap<string, OAuth>({ maxEntries: maxUsers });

  function authorizationOf(user: string): OAuth {
    const found = known.get(user);
    if (found !== undefined) return found;
    const { issuer } = client;
    const created = oauth({ grant, store, user, scopes, issuer, fetch });
    known.set(user, created);
    return created;
  }

  return {
    of: (user) => {
      const authorization = authorizationOf(user);
      return {
        begin: async () => {
          const url = await authorization.signIn(resource).catch(authorizationUrlOf);
          return String(url);
        },
        finish: (url) => authorization.finishSignIn(url),
        token: (options) => authorization.accessToken(resource, options),
        forget: () => authorization.signOut(resource),
      };
    },
  };
}

function authorizationUrlOf(error: unknown): string {
  const url = error instanceof Error ? Reflect.get(error, "authorizationUrl") : undefined;
  if (typeof url === "string") return url;
  throw error;
}
