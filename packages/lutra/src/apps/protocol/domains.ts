/**
 * The entries of the lists of domains. Each becomes a source of a Content-Security-Policy, so one
 * with another syntax could add directives of its own.
 *
 * @spec ext-apps/apps#content-requirements, ext-apps/apps#host-behavior
 * @see CSP Level 3, section 2.3.1 (host-source)
 */

import { parseURL } from "../../protocol/parse-url.ts";

/** Maximum length of an entry, in characters. */
const maxDomainLength = 512;

/** Scheme, host with an optional wildcard for subdomains, port, path. */
const syntax =
  /^(https?|wss?):\/\/((?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::(\d{1,5}|\*))?(\/[\w.~%!$&()+=:@/-]*)?$/i;

interface Domain {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

/**
 * Returns true for an entry that a policy can contain: an origin with the scheme `http`, `https`,
 * `ws` or `wss`, such as `https://*.example.com`, optionally with a path.
 */
export function isDomain(value: unknown): value is string {
  return parseDomain(value) !== undefined;
}

/**
 * Returns true when an entry allows a URL, by the rules of CSP: the scheme may be the secure form of
 * the one in the entry, a wildcard stands for one or more labels, and a path that ends with a slash
 * covers everything below it.
 */
export function domainCovers(domain: string, url: string): boolean {
  const allowed = parseDomain(domain);
  const parsed = parseURL(url);
  if (allowed === undefined || parsed === undefined) return false;
  const { protocol, hostname, port, pathname } = parsed;
  const scheme = protocol.slice(0, -1);
  return (
    coversScheme(allowed.scheme, scheme) &&
    coversHost(allowed.host, hostname.toLowerCase()) &&
    coversPort(allowed, scheme, port) &&
    coversPath(allowed.path, pathname)
  );
}

/** Returns true when an entry allows everything that another one allows. */
export function domainIncludes(wider: string, narrower: string): boolean {
  const inner = parseDomain(narrower);
  const outer = parseDomain(wider);
  if (inner === undefined || outer === undefined) return false;
  if (inner.port === "*" && outer.port !== "*") return false;
  const isWildcard = inner.host.startsWith("*.");
  if (isWildcard && !outer.host.startsWith("*.")) return false;
  const port = inner.port === "*" || inner.port === "" ? "" : `:${inner.port}`;
  const path = inner.path === "" ? "/" : inner.path;
  if (outer.path !== "" && outer.path !== "/" && inner.path === "") return false;
  if (inner.path.endsWith("/") && outer.path !== "" && !outer.path.endsWith("/")) return false;
  const host = isWildcard ? inner.host.replace("*", "x") : inner.host;
  return domainCovers(wider, `${inner.scheme}://${host}${port}${path}`);
}

function parseDomain(value: unknown): Domain | undefined {
  if (typeof value !== "string" || value.length > maxDomainLength) return undefined;
  const found = syntax.exec(value);
  if (found === null) return undefined;
  const [, scheme = "", host = "", port = "", path = ""] = found;
  return { scheme: scheme.toLowerCase(), host: host.toLowerCase(), port, path };
}

/** @see CSP Level 3, section 6.7.2.8 */
function coversScheme(allowed: string, scheme: string): boolean {
  if (allowed === scheme) return true;
  if (allowed === "http") return scheme === "https";
  return allowed === "ws" && ["wss", "http", "https"].includes(scheme);
}

function coversHost(allowed: string, host: string): boolean {
  return allowed.startsWith("*.") ? host.endsWith(allowed.slice(1)) : host === allowed;
}

const defaultPorts: { readonly [scheme: string]: string } = {
  http: "80",
  https: "443",
  ws: "80",
  wss: "443",
};

function coversPort({ scheme: own, port: allowed }: Domain, scheme: string, port: string): boolean {
  if (allowed === "*") return true;
  const effective = port === "" ? defaultPorts[scheme] : port;
  if (allowed === "") return effective === defaultPorts[scheme];
  if (allowed === effective) return true;
  return allowed === defaultPorts[own] && effective === defaultPorts[scheme];
}

function coversPath(allowed: string, path: string): boolean {
  if (allowed === "" || allowed === "/") return true;
  return allowed.endsWith("/") ? path.startsWith(allowed) : path === allowed;
}
