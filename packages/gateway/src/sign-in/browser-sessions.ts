/** The browsers of users who connect an account, from the link of a client to the end of the sign-in. */
import type { TokenStore } from "lutra/auth/client";
import { isObject } from "lutra/protocol";
import { randomId } from "lutra/server";
import type { Ticket } from "./tickets.ts";

/** A user who connects an account at one upstream. */
export interface BrowserSession {
  readonly ticket: Ticket;
  /** True once the browser is known to be that of the caller whom the ticket names. */
  readonly isVerified: boolean;
  /** True once the user has agreed. Only then is there a state of the other authorization server. */
  readonly isApproved: boolean;
  /** The value that a form of the gateway's own page contains. */
  readonly formKey: string;
}

/** Time in which a user must finish, in milliseconds. */
const sessionMs = 600_000;

const cookieName = "__Host-lutra-sign-in";
const idBytes = 32;

export interface BrowserSessions {
  /** Stores a session under a new id. Resolves to the id. */
  readonly open: (session: BrowserSession) => Promise<string>;
  readonly get: (id: string) => Promise<BrowserSession | undefined>;
  readonly set: (id: string, session: BrowserSession) => Promise<void>;
  readonly end: (id: string) => Promise<void>;
}

/** Creates the sessions in a store. */
export function createBrowserSessions(store: TokenStore): BrowserSessions {
  const keyOf = (id: string) => JSON.stringify(["browser", id]);
  const set = (id: string, session: BrowserSession) =>
    store.set(
      keyOf(id),
      JSON.stringify({ ...session, until: Date.now() + sessionMs }),
      Date.now() + sessionMs,
    );
  return {
    set,
    open: async (session) => {
      const id = randomId(idBytes);
      await set(id, session);
      return id;
    },
    get: async (id) => {
      const text = await store.get(keyOf(id));
      const value: unknown = text === undefined ? undefined : JSON.parse(text);
      if (!isObject(value) || typeof value.until !== "number" || value.until < Date.now()) return;
      return value as unknown as BrowserSession;
    },
    end: (id) => store.delete(keyOf(id)),
  };
}

/** Returns the header that sets the id of a session, for the origin of the gateway alone. */
export function sessionCookie(id: string): string {
  const ageSeconds = id === "" ? 0 : sessionMs / 1000;
  return `${cookieName}=${id}; Path=/; Max-Age=${ageSeconds}; Secure; HttpOnly; SameSite=Lax`;
}

/** Returns the id of the session in the header `Cookie`. */
export function sessionIdIn(cookie: string | undefined): string | undefined {
  const pairs = (cookie ?? "").split(/; */).filter((pair) => pair.startsWith(`${cookieName}=`));
  // Two of them would mean that one was planted.
  return pairs.length === 1 ? pairs[0]?.slice(cookieName.length + 1) : undefined;
}
