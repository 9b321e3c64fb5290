/** The URLs that a page loads, as far as its text shows them. */
import { parseURL } from "../../protocol/parse-url.ts";
import type { AppCSP } from "../protocol/resource-meta.ts";

/** A URL in a page, and the list of domains that must cover it. */
export interface PageReference {
  /** As in the page, or resolved against its `<base>`. */
  readonly url: string;
  readonly list: keyof AppCSP;
  /** True for a URL in the text of a script, which may never be used. */
  readonly isGuess: boolean;
}

/** Attributes with a URL that the element loads, by element. */
const loading: { readonly [element: string]: readonly string[] } = {
  script: ["src"],
  img: ["src", "srcset"],
  source: ["src", "srcset"],
  video: ["src", "poster"],
  audio: ["src"],
  track: ["src"],
  input: ["src"],
  image: ["href", "xlink:href"],
  use: ["href", "xlink:href"],
};

/** The relations of `<link>` that load something. */
const loadingLink = /\b(?:stylesheet|icon|preload|modulepreload|manifest)\b/i;

/** Comments; scripts and styles with their text; other elements. */
const markup =
  /<!--[\s\S]*?(?:-->|$)|<(script|style)\b((?:[^"'>]|"[^"]*"|'[^']*')*)>([\s\S]*?)<\/\1\s*>|<([a-z][^\s/>]*)((?:[^"'>]|"[^"]*"|'[^']*')*)>/gi;
const attribute = /([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))/g;
const cssURL =
  /url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"'\s]*))\s*\)|@import\s+(?:"([^"]*)"|'([^']*)')/gi;
const connecting =
  /\b(?:fetch|WebSocket|EventSource)\s*\(\s*["'`]((?:https?|wss?):\/\/[^"'`\s$]+)/g;
const importing = /\b(?:import|from|importScripts)\s*\(?\s*["'](https?:\/\/[^"'\s]+)/g;

/** Returns the URLs that a page loads. Links, which a user follows, are not among them. */
export function pageReferences(html: string): readonly PageReference[] {
  const found: PageReference[] = [];
  let base: string | undefined;
  for (const [, raw, rawAttributes, text = "", name, attributes] of html.matchAll(markup)) {
    const element = (raw ?? name ?? "").toLowerCase();
    const values = attributesOf(rawAttributes ?? attributes ?? "");
    const href = values.get("href");
    if (element === "base" && href !== undefined) {
      base = href;
      found.push({ url: href, list: "baseUriDomains", isGuess: false });
    }
    found.push(...elementReferences(element, values), ...textReferences(element, text));
  }
  return found.map((reference) => ({ ...reference, url: resolve(reference, base) }));
}

/** Returns true for a URL that the page contains or that names a part of it. */
export function isInline(url: string): boolean {
  return url === "" || /^(?:#|data:|blob:|about:|javascript:)/i.test(url);
}

/** Returns the attributes of an element by their names in lower case. */
export function attributesOf(text: string): ReadonlyMap<string, string> {
  const entries = [...text.matchAll(attribute)].map(
    ([, name = "", double, single, bare = ""]) =>
      [name.toLowerCase(), (double ?? single ?? bare).replaceAll("&amp;", "&").trim()] as const,
  );
  // The first of two attributes with the same name is in effect.
  return new Map(entries.reverse());
}

function* elementReferences(
  element: string,
  attributes: ReadonlyMap<string, string>,
): Generator<PageReference> {
  const names = loading[element] ?? [];
  for (const name of names) {
    const value = attributes.get(name);
    if (value === undefined) continue;
    const urls = name === "srcset" ? srcsetURLs(value) : [value];
    for (const url of urls) yield { url, list: "resourceDomains", isGuess: false };
  }
  const href = attributes.get("href");
  if (element === "link" && href !== undefined && loadingLink.test(attributes.get("rel") ?? "")) {
    yield { url: href, list: "resourceDomains", isGuess: false };
  }
  const src = attributes.get("src");
  if ((element === "iframe" || element === "frame") && src !== undefined) {
    yield { url: src, list: "frameDomains", isGuess: false };
  }
  yield* styleReferences(attributes.get("style") ?? "");
}

function* textReferences(element: string, text: string): Generator<PageReference> {
  if (element === "style") yield* styleReferences(text);
  if (element !== "script") return;
  for (const [, url = ""] of text.matchAll(connecting)) {
    yield { url, list: "connectDomains", isGuess: true };
  }
  for (const [, url = ""] of text.matchAll(importing)) {
    yield { url, list: "resourceDomains", isGuess: true };
  }
}

function* styleReferences(css: string): Generator<PageReference> {
  for (const groups of css.matchAll(cssURL)) {
    const url = groups.slice(1).find((group) => group !== undefined) ?? "";
    yield { url, list: "resourceDomains", isGuess: false };
  }
}

function srcsetURLs(value: string): readonly string[] {
  return value.split(/,\s+/).map((candidate) => candidate.trim().split(/\s+/)[0] ?? "");
}

function resolve({ url, list }: PageReference, base: string | undefined): string {
  if (base === undefined || list === "baseUriDomains" || isInline(url)) return url;
  return parseURL(url, base)?.href ?? url;
}
