/**
 * The Content-Security-Policy of a view, built from the domains that its resource declares.
 *
 * @spec ext-apps/apps#host-behavior, ext-apps/apps#sandbox-proxy,
 *   ext-apps/apps#4-content-security-policy-enforcement
 */
import { parseURL } from "../../protocol/parse-url.ts";
import { isDomain } from "../protocol/domains.ts";
import { type AppCSP, domainLists } from "../protocol/resource-meta.ts";

type ListName = (typeof domainLists)[number];

/** Decides about a domain that a view declares. */
export type AllowDomain = (domain: string, list: ListName) => boolean;

/** The domains of a view after the checks of its host. */
export interface ApprovedDomains {
  readonly csp: AppCSP | undefined;
  /** The entries that were left out, for the log. */
  readonly refused: readonly string[];
}

/** Maximum number of entries in one list of domains. */
const maxDomains = 32;

/** Maximum length of all domains of a view together, in characters. They are part of a URL. */
const maxDomainsLength = 4096;

/**
 * Returns the declared domains without those that a policy must not contain: syntax other than
 * `https://host`, keywords, and wildcards other than for the subdomains of a domain with two labels.
 *
 * @param allow Restricts the domains further. @default all that have the right syntax
 */
export function approveDomains(
  csp: AppCSP | undefined,
  allow: AllowDomain = () => true,
): ApprovedDomains {
  if (csp === undefined) return { csp, refused: [] };
  let left = maxDomainsLength;
  const refused: string[] = [];
  const lists = domainLists.flatMap((name) => {
    const approved = (csp[name] ?? []).filter((domain, index) => {
      const isApproved =
        index < maxDomains &&
        isSafeDomain(domain, name) &&
        domain.length <= left &&
        allow(domain, name);
      if (isApproved) left -= domain.length;
      else refused.push(`${name}: ${String(domain).slice(0, maxReported)}`);
      return isApproved;
    });
    return approved.length === 0 ? [] : [[name, approved] as const];
  });
  return { csp: Object.fromEntries(lists), refused };
}

/** Number of characters of a refused entry that are reported. */
const maxReported = 200;

/** True for an entry that names one host, or the subdomains of one. */
function isSafeDomain(domain: unknown, list: ListName): domain is string {
  if (!isDomain(domain)) return false;
  if (/^https?:/i.test(domain)) return !/^https?:\/\/\*\.[^./:]+(?:[:/]|$)/i.test(domain);
  return list === "connectDomains" && !/^wss?:\/\/\*\.[^./:]+(?:[:/]|$)/i.test(domain);
}

export interface PolicyOptions {
  /** The origin of the page that may embed the proxy. */
  readonly host: string;
  /**
   * Lets views run code from text, such as `eval`. It lets them reach nothing else, because their own
   * scripts run anyway, but the specification does not provide for it. @default false
   */
  readonly allowEval?: boolean | undefined;
}

/**
 * Returns the policy with which a sandbox proxy is served. The page of the view inherits it. It is
 * stricter than the template of the specification: it does not contain `'self'`, as the proxy's origin
 * serves nothing to views.
 *
 * @param csp Domains that `approveDomains` returned
 * @throws {TypeError} for a domain or an origin that could add a directive
 */
export function buildPolicy(
  csp: AppCSP | undefined,
  { host, allowEval = false }: PolicyOptions,
): string {
  if (!isOrigin(host)) throw new TypeError("host: expected an origin such as https://example.com");
  if (approveDomains(csp).refused.length > 0) {
    throw new TypeError("csp: expected domains that approveDomains returned");
  }
  const { connectDomains, resourceDomains = [], frameDomains, baseUriDomains } = csp ?? {};
  /** Data that a page has made itself. The default policy of the specification has no `blob:`. */
  const own = csp === undefined ? ["data:"] : ["data:", "blob:"];
  return Object.entries({
    "default-src": ["'none'"],
    "script-src": ["'unsafe-inline'", ...(allowEval ? ["'unsafe-eval'"] : []), ...resourceDomains],
    "style-src": ["'unsafe-inline'", ...resourceDomains],
    "img-src": [...own, ...resourceDomains],
    "media-src": [...own, ...resourceDomains],
    "font-src": csp === undefined ? ["'none'"] : ["data:", ...resourceDomains],
    "worker-src": csp === undefined ? ["'none'"] : ["blob:"],
    "connect-src": orNone(connectDomains),
    "frame-src": orNone(frameDomains),
    "base-uri": orNone(baseUriDomains),
    "object-src": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": [host],
  })
    .map(([directive, sources]) => `${directive} ${sources.join(" ")}`)
    .join("; ");
}

/**
 * Returns the value of the header `Connection-Allowlist`, which also ends connections that a policy
 * does not govern: WebRTC, DNS and connections in advance. Browsers without it ignore it.
 *
 * @param csp Domains that `approveDomains` returned
 * @see https://wicg.github.io/connection-allowlists
 */
export function buildConnectionAllowlist(csp: AppCSP | undefined): string {
  const { connectDomains = [], resourceDomains = [], frameDomains = [] } = csp ?? {};
  const domains = [...connectDomains, ...resourceDomains, ...frameDomains];
  // Patterns have the syntax of URLs with http, and the policy also compares the path.
  const patterns = domains.map((domain) => domain.replace(/^ws/i, "http").split("/", 3).join("/"));
  return `(${[...new Set(patterns)].map((pattern) => `"${pattern}"`).join(" ")}); redirects=allow`;
}

function orNone(domains: readonly string[] = []): readonly string[] {
  return domains.length === 0 ? ["'none'"] : domains;
}

/** Returns true for the origin of a web page, as browsers write it. */
export function isOrigin(value: unknown): value is string {
  const url = parseURL(value);
  return /^https?:$/.test(url?.protocol ?? "") && url?.origin === value;
}
