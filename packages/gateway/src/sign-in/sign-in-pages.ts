/**
 * The pages of the gateway on which users connect accounts:
 *
 * 1. The link of a client leads to the sign-in at the gateway's own issuer, which identifies the user.
 *    The account will belong to the caller for whom the link was made, so other users are refused.
 * 2. The user agrees that this client uses the account. Before that, nothing is sent to the other
 *    authorization server, and no state of it exists.
 * 3. The user signs in there, and returns.
 *
 * @spec basic/authorization/security-considerations#confused-deputy-problem
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Principal, unauthorized } from "lutra/protocol";
import { randomId, type Sealer } from "lutra/server";
import type { Account } from "./accounts.ts";
import {
  type BrowserSession,
  type BrowserSessions,
  sessionCookie,
  sessionIdIn,
} from "./browser-sessions.ts";
import type { Consents } from "./consents.ts";
import { consentPage, continuePage, messagePage, type Page, redirect, writePage } from "./html.ts";
import { readForm } from "./read-form.ts";
import { openTicket } from "./tickets.ts";

/** An upstream to which users connect accounts. */
export interface ConnectedUpstream {
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly accountOf: (principal: string) => Account;
  readonly consents: Consents;
}

export interface SignInPagesOptions {
  /** The name of the gateway. */
  readonly name: string;
  /** The URL of the pages, without a slash at its end. */
  readonly base: string;
  readonly sealer: () => Sealer;
  readonly sessions: BrowserSessions;
  /** Returns the account of a browser at the gateway's own issuer. */
  readonly ownAccountOf: (session: string) => Account;
  /** Verifies an access token that was issued for the gateway. */
  readonly identify: (token: string) => Promise<Principal | undefined>;
  readonly upstream: (name: string) => ConnectedUpstream | undefined;
  /** Called with the reason when a sign-in fails. */
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/** A request for a page. */
interface Visit {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly url: URL;
}

/** A request of a browser with a session. */
interface KnownVisit extends Visit {
  readonly id: string;
  readonly session: BrowserSession;
}

const expired = messagePage(
  400,
  "This sign-in has ended",
  "Go back to your client, and start again.",
);

export class SignInPages {
  readonly #options: SignInPagesOptions;

  constructor(options: SignInPagesOptions) {
    this.#options = options;
  }

  /** Answers a request for the page at a path below the base. Always answers. */
  async handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const { base, onWarning } = this.#options;
    const url = new URL(base + path + (/\?.*$/s.exec(req.url ?? "")?.[0] ?? ""));
    try {
      await this.#answer({ req, res, url }, `${req.method} ${path}`);
    } catch (error) {
      onWarning("a sign-in failed", error);
      const failed = "The sign-in did not succeed. Go back to your client, and start again.";
      if (!res.headersSent) writePage(res, messagePage(400, "Not signed in", failed));
    }
  }

  async #answer(visit: Visit, request: string): Promise<void> {
    if (request === "GET ") return this.#begin(visit);
    const known = await this.#known(visit);
    const answer = known && this.#answerTo(request, known);
    if (answer === undefined) writePage(visit.res, expired);
    else await answer;
  }

  #answerTo(request: string, visit: KnownVisit): Promise<void> | undefined {
    const { isVerified, isApproved } = visit.session;
    if (request === "GET /return" && !isVerified) return this.#recognise(visit);
    if (request === "GET /consent" && isVerified) return this.#ask(visit);
    if (request === "POST /consent" && isVerified) return this.#decide(visit);
    if (request === "GET /callback" && isApproved) return this.#finish(visit);
    return undefined;
  }

  async #known(visit: Visit): Promise<KnownVisit | undefined> {
    const id = sessionIdIn(visit.req.headers.cookie);
    const session = id === undefined ? undefined : await this.#options.sessions.get(id);
    return id === undefined || session === undefined ? undefined : { ...visit, id, session };
  }

  async #begin({ res, url }: Visit): Promise<void> {
    const { sealer, sessions, ownAccountOf } = this.#options;
    const ticket = await openTicket(sealer(), url.searchParams.get("ticket") ?? "");
    if (ticket === undefined) return writePage(res, expired);
    const session = { ticket, isVerified: false, isApproved: false, formKey: randomId() };
    const id = await sessions.open(session);
    redirect(res, await ownAccountOf(id).begin(), sessionCookie(id));
  }

  /** Compares the user of the browser with the caller of the client. */
  async #recognise({ res, url, id, session }: KnownVisit): Promise<void> {
    const { base, sessions, ownAccountOf, identify } = this.#options;
    const own = ownAccountOf(id);
    await own.finish(url);
    const token = await own.token();
    await own.forget();
    await sessions.end(id);
    const principal = token && (await identify(token.accessToken));
    if (principal === undefined) throw unauthorized();
    if (principal.id !== session.ticket.principal) {
      const text = "This link was made for another user. Ask in your own client.";
      return writePage(res, messagePage(403, "Not your link", text), sessionCookie(""));
    }
    // Another id, since the first one was known before the user was.
    const next = await sessions.open({ ...session, isVerified: true });
    redirect(res, `${base}/consent`, sessionCookie(next));
  }

  async #ask({ res, session }: KnownVisit): Promise<void> {
    writePage(res, this.#consentPage(session) ?? expired);
  }

  #consentPage({ ticket, formKey }: BrowserSession): Page | undefined {
    const { name, base, upstream } = this.#options;
    const connected = upstream(ticket.upstream);
    if (connected === undefined) return undefined;
    const { issuer, scopes } = connected;
    const redirectUri = `${base}/callback`;
    return consentPage({
      ...{ gateway: name, upstream: ticket.upstream, client: ticket.client },
      ...{ issuer, scopes, redirectUri, formKey },
    });
  }

  async #decide({ req, res, id, session }: KnownVisit): Promise<void> {
    const { base, sessions, upstream } = this.#options;
    const form = await readForm(req);
    const connected = upstream(session.ticket.upstream);
    const { origin } = req.headers;
    const isOwn = origin === undefined || origin === new URL(base).origin;
    if (!isOwn || !isSame(form.get("key") ?? "", session.formKey) || connected === undefined) {
      return writePage(res, expired);
    }
    if (form.get("decision") !== "agree") {
      await sessions.end(id);
      const text = "Nothing was connected. You may close this page.";
      return writePage(res, messagePage(200, "Declined", text), sessionCookie(""));
    }
    const location = await connected.accountOf(session.ticket.principal).begin();
    await sessions.set(id, { ...session, isApproved: true });
    writePage(res, continuePage(location));
  }

  async #finish({ res, url, id, session }: KnownVisit): Promise<void> {
    const { sessions, upstream } = this.#options;
    const { ticket } = session;
    await sessions.end(id);
    const connected = upstream(ticket.upstream);
    if (connected === undefined) return writePage(res, expired);
    await connected.accountOf(ticket.principal).finish(url);
    await connected.consents.add(ticket.principal, ticket.client);
    const text = "Your account is connected. You may close this page, and continue in your client.";
    writePage(res, messagePage(200, "Connected", text), sessionCookie(""));
  }
}

function isSame(sent: string, expected: string): boolean {
  const [one, other] = [Buffer.from(sent), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
