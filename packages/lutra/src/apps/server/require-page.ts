/**
 * The checks of a page before the server starts: a page that breaks them would be blank or broken in
 * every host.
 *
 * @spec ext-apps/apps#content-requirements
 */
import { domainCovers, isDomain } from "../protocol/domains.ts";
import { type AppCSP, domainLists } from "../protocol/resource-meta.ts";
import { isInline, type PageReference, pageReferences } from "./page-references.ts";

/** Maximum size of a page, in UTF-16 code units. */
const maxPageLength = 8_388_608;

/** White space, a byte order mark and comments may precede the document type. */
const documentType = /^\ufeff?(?:\s|<!--[\s\S]*?-->)*<!doctype html[\s>]/i;

/**
 * Checks a page and the domains that it declares.
 *
 * @returns messages about URLs in scripts that no domain covers, because they may never be used
 * @throws {TypeError} that names the entry to add
 */
export function requirePage(where: string, html: string, csp: AppCSP = {}): readonly string[] {
  requireDomains(where, csp);
  if (html.length > maxPageLength) {
    throw new TypeError(`${where}: resource: expected at most ${maxPageLength} characters`);
  }
  if (!documentType.test(html)) {
    throw new TypeError(`${where}: resource: expected HTML that starts with <!doctype html>`);
  }
  const uncovered = pageReferences(html).filter((reference) => !isCovered(reference, csp));
  const certain = uncovered.find(({ isGuess }) => !isGuess);
  if (certain !== undefined) throw new TypeError(problemWith(where, certain));
  return uncovered.map((reference) => problemWith(where, reference));
}

function requireDomains(where: string, csp: AppCSP): void {
  for (const list of domainLists) {
    const wrong = (csp[list] ?? []).find((domain) => !isDomain(domain));
    if (wrong === undefined) continue;
    throw new TypeError(
      `${where}: csp.${list}: ${wrong}: expected an origin such as https://cdn.example.com`,
    );
  }
}

function isCovered({ url, list }: PageReference, csp: AppCSP): boolean {
  return isInline(url) || (csp[list] ?? []).some((domain) => domainCovers(domain, url));
}

function problemWith(where: string, { url, list }: PageReference): string {
  return isAbsolute(url)
    ? `${where}: csp.${list}: expected an entry that covers ${url}`
    : `${where}: resource: ${url}: a page has no folder; inline the file, or use bundle`;
}

function isAbsolute(url: string): boolean {
  return /^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(url);
}
