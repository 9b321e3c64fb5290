/** The requests of one sign-in, in their order. They contain no tokens, codes or secrets. */

import { quotedPeerText } from "lutra/internal";

/** One request of a sign-in, or the page for the user. */
export interface Hop {
  /** The purpose, in words. */
  readonly step: string;
  readonly method: string;
  /** The URL without its query. */
  readonly url: string;
  /** The HTTP status. Absent while the hop lasts, and if there was no response. */
  readonly status?: number | undefined;
  /** The header `WWW-Authenticate` of the response. */
  readonly challenge?: string | undefined;
  /** Parameters without secrets, such as `scope` and `resource`. */
  readonly parameters?: { readonly [name: string]: string } | undefined;
  readonly ms?: number | undefined;
  /** The reason why the hop failed. */
  readonly problem?: string | undefined;
}

export interface Hops {
  readonly all: () => readonly Hop[];
  readonly add: (hop: Hop) => void;
  readonly clear: () => void;
  /** Adds the page for the user, which lasts until the next hop. */
  readonly opened: (page: string) => void;
  /** Marks the last hop as the one that failed, unless it is marked already. */
  readonly failLast: (problem: string) => void;
  /** Returns a `fetch` whose requests are hops. */
  readonly recorded: (send: typeof fetch) => typeof fetch;
}

/** Maximum number of hops that are kept. Older ones are removed. */
const maxHops = 50;

/** The parameters of a request for authorization that the page shows. */
const shownParameters = ["scope", "resource", "client_id", "redirect_uri", "code_challenge_method"];

export function createHops(onChange: () => void): Hops {
  let hops: readonly Hop[] = [];

  function put(next: readonly Hop[]): void {
    hops = next.slice(-maxHops);
    onChange();
  }

  function add(hop: Hop): void {
    put([...hops, hop]);
  }

  return {
    all: () => hops,
    add,
    clear: () => put([]),
    opened: (page) => {
      const { searchParams } = new URL(page);
      const shown = shownParameters.flatMap((name) => {
        const value = searchParams.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      const parameters = Object.fromEntries(shown);
      add({ step: "page for the user", method: "GET", url: plain(page), parameters });
    },
    failLast: (problem) => {
      const last = hops.at(-1);
      if (last === undefined || last.problem !== undefined) return;
      put([...hops.slice(0, -1), { ...last, problem }]);
    },
    recorded: (send) => async (input, init) => {
      const { url, method } = new Request(input, init);
      const hop = { step: stepOf(url, init), method, url: plain(url) };
      const since = performance.now();
      const ms = () => Math.round(performance.now() - since);
      try {
        const response = await send(input, init);
        const problem = response.ok ? undefined : await problemIn(response, secretsIn(init?.body));
        add({ ...hop, status: response.status, ms: ms(), ...(problem && { problem }) });
        return response;
      } catch (error) {
        add({ ...hop, ms: ms(), problem: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    },
  };
}

function plain(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Names the purpose of a request by its URL and its body. */
function stepOf(url: string, init: RequestInit | undefined): string {
  const { pathname } = new URL(url);
  if (pathname.includes("/.well-known/oauth-protected-resource")) return "metadata of the server";
  if (pathname.includes("/.well-known/")) return "metadata of the authorization server";
  const body = init?.body;
  const form = body instanceof URLSearchParams ? body : new URLSearchParams(textOf(body));
  if (form.get("grant_type") === "refresh_token") return "renewal of the token";
  if (form.has("grant_type")) return "token";
  if (form.has("token")) return "revocation";
  return init?.method === "POST" ? "registration of the client" : "request";
}

/** The parameters of requests that the page may show; an error may repeat all others. */
const plainParameters = [...shownParameters, "grant_type", "token_type_hint"];

/** Returns the secrets of a request, which an authorization server may repeat in an error. */
function secretsIn(body: unknown): readonly string[] {
  const form = body instanceof URLSearchParams ? body : new URLSearchParams(textOf(body));
  return [...form].flatMap(([name, value]) => (plainParameters.includes(name) ? [] : [value]));
}

function textOf(body: unknown): string {
  return typeof body === "string" && !body.startsWith("{") ? body : "";
}

/** Returns the error of an authorization server, which a response contains by RFC 6749. */
async function problemIn(
  response: Response,
  secrets: readonly string[],
): Promise<string | undefined> {
  // Metadata can be at several places, and a server answers 404 at the others.
  if (response.status === 404) return undefined;
  const value: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  const { error, error_description: text } = (value ?? {}) as { readonly [name: string]: unknown };
  if (typeof error !== "string") return `status ${response.status}`;
  const [name, reason] = [error, typeof text === "string" ? text : ""].map((one) =>
    quotedPeerText(one, secrets),
  );
  return reason === "" ? name : `${name}: ${reason}`;
}
