/** A page for people: the document around its sections, and its response. */
import type { ServerResponse } from "node:http";
import { pageHeaders, stylesheet } from "./node-page-style.ts";
import { type HTMLValue, html, type Markup, trusted } from "./page-html.ts";

export interface PageContent {
  readonly title: string;
  /** A line above the title. */
  readonly kind: string;
  /** The lines below the title. */
  readonly intro: HTMLValue;
  readonly sections: readonly PageSection[];
}

export interface PageSection {
  /** The anchor. */
  readonly id: string;
  readonly heading: string;
  /** Number of entries, as text. */
  readonly count?: string | undefined;
  readonly body: HTMLValue;
}

/** Returns the text of a page, with links to its sections. */
export function renderPage({ title, kind, intro, sections }: PageContent): string {
  const style = trusted(`<style>${stylesheet}</style>`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
${style}
</head>
<body>
<header>
<p class="kind">${kind}</p>
<h1>${title}</h1>
${intro}
<nav aria-label="Sections"><ul>
${sections.map(linkTo)}</ul></nav>
</header>
<main>
${sections.map(sectionOf)}</main>
<footer>Served by Lutra</footer>
</body>
</html>
`.text;
}

function linkTo({ id, heading, count }: PageSection): Markup {
  return html`<li><a href="#${id}">${heading}</a>${countOf(count)}</li>
`;
}

function sectionOf({ id, heading, count, body }: PageSection): Markup {
  return html`<section id="${id}">
<h2>${heading}${countOf(count)}</h2>
${body}
</section>
`;
}

function countOf(count: string | undefined): HTMLValue {
  return count !== undefined && html` <span class="count">${count}</span>`;
}

/** Sends a page. */
export function sendPage(
  res: ServerResponse,
  text: string,
  { status = 200, headers = {} }: PageHead = {},
): void {
  const length = Buffer.byteLength(text);
  res.writeHead(status, { ...pageHeaders, ...headers, "content-length": length });
  res.end(text);
}

interface PageHead {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
}

/** Returns true for a client that prefers a page over plain text, as browsers do. */
export function wantsPage(accept: string | undefined): boolean {
  return accept?.includes("text/html") === true;
}
