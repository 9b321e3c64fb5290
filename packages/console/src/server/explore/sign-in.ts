/**
 * The sign-in at a protected server: its authorization, and each hop of it for the page. Tokens are kept
 * in memory, and end with the program.
 */
import { allowLoopback, guardedFetch } from "lutra/auth";
import { browserSignIn, isAuthorizationError, type OAuth, oauth } from "lutra/auth/client";
import { isLoopbackHost } from "../access.ts";
import { createHops, type Hop } from "./sign-in-hops.ts";

/** The state of a sign-in, for the page. */
export interface SignInState {
  /** Undefined until the server has asked for a token. */
  readonly phase?: "discovering" | "waiting" | "signed in" | "failed";
  /** The page on which the user signs in, while the program waits for that. */
  readonly url?: string;
  readonly hops: readonly Hop[];
  /** The reason of a failure. The hop that failed is the last one. */
  readonly problem?: string;
}

/** An answer of the server to a request of the client. */
export interface Answered {
  readonly url: string;
  readonly hasToken: boolean;
  readonly status: number;
  /** The header `WWW-Authenticate`. */
  readonly challenge: string | undefined;
  readonly ms: number;
}

export interface SignIn {
  /** The authorization for the option `auth` of the client. */
  readonly auth: OAuth;
  readonly state: () => SignInState;
  /** Records the first answer that asks for a token, and the first one to a token. */
  readonly answered: (answer: Answered) => void;
  /** Records the error of a request if it is about the sign-in. */
  readonly failed: (error: unknown) => void;
  /** Revokes the tokens, and forgets them. */
  readonly signOut: () => Promise<void>;
}

/** Maximum time that the user may take, in milliseconds. */
const timeoutMs = 300_000;

/**
 * Creates the authorization for one server. Returns undefined for a URL over which tokens could be read.
 */
export function createSignIn(server: string, onChange: () => void): SignIn | undefined {
  const url = new URL(server);
  const isLocal = isLoopbackHost(url.host);
  if (url.protocol !== "https:" && !isLocal) return undefined;
  const hops = createHops(onChange);
  let state: Omit<SignInState, "hops"> = {};

  function set(next: Omit<SignInState, "hops">): void {
    state = next;
    onChange();
  }

  const auth = oauth({
    // A server on loopback is one of the developer, and so is its authorization server.
    fetch: hops.recorded(guardedFetch(isLocal ? { [allowLoopback]: true } : {})),
    grant: browserSignIn({
      clientName: "Lutra console",
      timeoutMs,
      open: (page) => {
        hops.opened(page);
        set({ phase: "waiting", url: page });
      },
    }),
  });
  return {
    auth,
    state: () => ({ ...state, hops: hops.all() }),
    answered: ({ hasToken, status, challenge, ...answer }) => {
      if (!hasToken && status === 401) {
        hops.clear();
        hops.add({ ...answer, step: "request without a token", method: "POST", status, challenge });
        set({ phase: "discovering" });
      } else if (hasToken && state.phase === "waiting") {
        hops.add({ ...answer, step: "request with the token", method: "POST", status, challenge });
        set({ phase: status === 401 ? "failed" : "signed in" });
      }
    },
    failed: (error) => {
      if (!isAuthorizationError(error) || state.phase === undefined) return;
      hops.failLast(error.message);
      set({ phase: "failed", problem: `${error.failure}: ${error.message}` });
    },
    signOut: async () => {
      hops.clear();
      await auth.signOut(server);
      set({});
    },
  };
}
