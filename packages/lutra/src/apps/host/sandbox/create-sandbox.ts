/** Serves the sandbox proxy, with the policy of each view as a header. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject } from "../../../protocol/json.ts";
import { requireArray, requireKnownMembers } from "../../../protocol/known-members.ts";
import type { AppCSP } from "../../protocol/resource-meta.ts";
import { readAppResourceMeta } from "../../protocol/resource-meta.ts";
import { approveDomains, buildConnectionAllowlist, buildPolicy, isOrigin } from "../policy.ts";
import { sandboxPage } from "./sandbox-page.ts";

export interface SandboxOptions {
  /** The origins of the pages that may embed views, such as `https://chat.example.com`. */
  readonly hosts: readonly string[];
  /**
   * Lets views run code from text, such as `eval`, which the specification does not provide for.
   * @default false
   */
  readonly allowEval?: boolean;
}

/** A handler in the form of `fetch` and in that of Node.js. It answers at any path. */
export interface Sandbox {
  readonly fetch: (request: Request) => Response;
  readonly node: (req: IncomingMessage, res: ServerResponse) => void;
}

interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly text: string;
}

/** The headers of every response besides the policy. */
const sharedHeaders = {
  "cache-control": "no-store",
  "content-type": "text/html; charset=utf-8",
  "origin-agent-cluster": "?1",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
};

/**
 * Creates the handler that serves the sandbox proxy. Give it an origin of its own, that has no
 * cookies and serves nothing else.
 *
 * @throws {TypeError} for hosts that are not origins
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  requireKnownMembers(options, ["hosts", "allowEval"], "createSandbox");
  requireArray("createSandbox: hosts", options.hosts, "string");
  const wrong = options.hosts.find((host) => !isOrigin(host));
  if (wrong !== undefined || options.hosts.length === 0) {
    throw new TypeError("createSandbox: hosts: expected origins such as https://chat.example.com");
  }
  const rules: Rules = { hosts: new Set(options.hosts), allowEval: options.allowEval === true };
  return {
    fetch: ({ method, url }) => {
      const { status, headers, text } = answer(rules, method, url);
      return new Response(method === "HEAD" ? null : text, { status, headers });
    },
    node: (req, res) => {
      const { status, headers, text } = answer(rules, req.method, req.url);
      res.writeHead(status, headers);
      res.end(req.method === "HEAD" ? undefined : text);
    },
  };
}

interface Rules {
  readonly hosts: ReadonlySet<string>;
  readonly allowEval: boolean;
}

function answer(
  { hosts, allowEval }: Rules,
  method: string | undefined,
  url: string | undefined,
): Answer {
  if (method !== "GET" && method !== "HEAD") return refuse(405, "expected GET", { allow: "GET" });
  const query = new URL(url ?? "/", "http://sandbox.invalid").searchParams;
  const host = query.get("host");
  if (host === null || !hosts.has(host)) return refuse(403, "host: expected a configured origin");
  const declared = readDomains(query.get("csp"));
  if (declared === null || approveDomains(declared).refused.length > 0) {
    return refuse(400, "csp: expected the domains of a view as JSON");
  }
  const headers = {
    ...sharedHeaders,
    "connection-allowlist": buildConnectionAllowlist(declared),
    "content-security-policy": buildPolicy(declared, { host, allowEval }),
  };
  return { status: 200, headers, text: sandboxPage };
}

/** Returns null for text that is not the JSON of domains. */
function readDomains(text: string | null): AppCSP | undefined | null {
  if (text === null) return undefined;
  try {
    const csp: unknown = JSON.parse(text);
    return isObject(csp) ? (readAppResourceMeta({ _meta: { ui: { csp } } }).csp ?? null) : null;
  } catch {
    return null;
  }
}

function refuse(status: number, text: string, more: Answer["headers"] = {}): Answer {
  const policy = "default-src 'none'; frame-ancestors 'none'";
  const headers = { ...sharedHeaders, ...more, "content-security-policy": policy };
  return { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" }, text };
}
