/** The checks of an endpoint that asks for authorization. */

import type { guardedFetch } from "lutra/auth";
import { parseURL, serverMetadataURLs } from "lutra/internal";
import { isLoopback } from "./connection-checks.ts";
import { type Finding, findingsOf, reasonOf } from "./finding.ts";
import type { Endpoint, RawAnswer } from "./raw-request.ts";

type Document = { readonly [name: string]: unknown };

const { ok, warning, problem } = findingsOf("authorization");

/** Checks the steps from a refusal to the authorization server, as a client performs them. */
export async function checkAuthorization(
  endpoint: Endpoint,
  answer: RawAnswer,
): Promise<readonly Finding[]> {
  const { url, headers } = endpoint;
  if (answer.status !== 401) return [checkOpen(url, headers)];
  try {
    const read = await readerFor(endpoint);
    return await checkMetadata(url, answer, read);
  } catch (error) {
    return [
      problem(
        `the metadata can't be read: ${reasonOf(error)}`,
        "serve it over https at a public address, without redirects to other hosts",
      ),
    ];
  }
}

function checkOpen(url: URL, headers: Endpoint["headers"]): Finding {
  const hasCredentials = Object.keys(headers).some((name) => /^authorization$/i.test(name));
  if (hasCredentials) return ok("the credentials are accepted");
  if (isLoopback(url)) return ok("everyone on this machine may call");
  return warning(
    "everyone who can connect may call",
    "if that is not intended, protect the server; see the page Who may call of the documentation",
  );
}

/** Reads a JSON document; undefined if there is none. */
type Read = (url: string) => Promise<Document | undefined>;

/** URLs that a server names are read as a client reads them: guarded. */
async function readerFor({ url, timeoutMs }: Endpoint): Promise<Read> {
  const { allowLoopback, guardedFetch } = await import("lutra/auth");
  const options: Parameters<typeof guardedFetch>[0] = { [allowLoopback]: isLoopback(url) };
  const fetch = guardedFetch(options);
  return async (address) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(address, { headers: { accept: "application/json" }, signal });
    const value: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
    return typeof value === "object" && value !== null ? (value as Document) : undefined;
  };
}

async function checkMetadata(
  url: URL,
  { headers }: RawAnswer,
  read: Read,
): Promise<readonly Finding[]> {
  const challenge = headers.get("www-authenticate") ?? "";
  const named = /resource_metadata="?([^",\s]+)/i.exec(challenge)?.[1];
  const metadata = await firstOf(named === undefined ? resourceURLs(url) : [named], read);
  if (metadata === undefined) {
    return [
      problem(
        "the server asks for authorization, and has no protected resource metadata",
        named === undefined
          ? "name it in WWW-Authenticate, or serve it at /.well-known/oauth-protected-resource"
          : `serve the metadata at ${named}`,
      ),
    ];
  }
  const { resource, authorization_servers: servers } = metadata;
  if (!matches(url, resource)) {
    return [
      problem(
        `the metadata describes ${String(resource)}, and not ${url.href}`,
        "set the resource of the server to the URL that clients use",
      ),
    ];
  }
  if (!Array.isArray(servers) || servers.length === 0) {
    return [problem("the metadata names no authorization server", "set authorization_servers")];
  }
  return await Promise.all(
    servers.slice(0, maxServers).map((one) => checkIssuer(String(one), read)),
  );
}

/** Maximum number of authorization servers that are checked. */
const maxServers = 5;

function resourceURLs({ origin, pathname }: URL): readonly string[] {
  const root = `${origin}/.well-known/oauth-protected-resource`;
  return pathname === "/" ? [root] : [root + pathname, root];
}

async function firstOf(urls: readonly string[], read: Read): Promise<Document | undefined> {
  for (const url of urls) {
    const found = await read(url);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns true for a resource that is the URL, or its origin. */
function matches({ origin, pathname }: URL, resource: unknown): boolean {
  const described = parseURL(resource);
  if (described?.origin !== origin) return false;
  const path = described.pathname.replace(/\/$/, "");
  return path === "" || pathname === path || pathname.startsWith(`${path}/`);
}

async function checkIssuer(issuer: string, read: Read): Promise<Finding> {
  const url = parseURL(issuer);
  if (url === undefined) {
    return problem(`the issuer ${issuer} is not a URL`, "correct authorization_servers");
  }
  const metadata = await firstOf(serverMetadataURLs(url), read);
  if (metadata === undefined) {
    return problem(`${issuer} has no metadata`, "check the issuer, and that it is reachable");
  }
  if (metadata.issuer !== issuer) {
    return problem(
      `the metadata of ${issuer} names the issuer ${String(metadata.issuer)}`,
      "use the spelling of the authorization server in authorization_servers",
    );
  }
  const challenges = metadata.code_challenge_methods_supported;
  if (!Array.isArray(challenges) || !challenges.includes("S256")) {
    return problem(`${issuer} does not offer PKCE with S256`, "switch it on; clients require it");
  }
  const registers =
    metadata.client_id_metadata_document_supported === true ||
    metadata.registration_endpoint !== undefined;
  if (registers) return ok(`signs in at ${issuer}`);
  return warning(
    `${issuer} registers no clients by itself`,
    "register a client by hand: lutra login --client-id ID --issuer URL",
  );
}
