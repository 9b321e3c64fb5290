/**
 * Inlines the files that a built page loads, because a UI resource is one document. Only files below
 * the folder of the page are read, and those of installed packages.
 */
import { attributesOf, isInline } from "./page-references.ts";

/** Reads the files of a bundle. Both throw for a file that does not exist. */
export interface BundleFiles {
  readonly text: (path: string) => string;
  readonly base64: (path: string) => string;
}

const scripts = /<script\b((?:[^"'>]|"[^"]*"|'[^']*')*)>\s*<\/script\s*>/gi;
const links = /<link\b((?:[^"'>]|"[^"]*"|'[^']*')*)>/gi;
const images = /<img\b((?:[^"'>]|"[^"]*"|'[^']*')*)>/gi;
const styleURLs = /url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"'\s]*))\s*\)/gi;

const mimeTypes: { readonly [extension: string]: string } = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  svg: "image/svg+xml",
  webp: "image/webp",
  avif: "image/avif",
};

/**
 * Returns a page with its scripts, styles and images inside. External URLs stay as they are.
 *
 * @throws {TypeError} for a module that imports another file of the bundle
 */
export function inlineBundle(html: string, files: BundleFiles): string {
  return html
    .replace(scripts, (element, text: string) => inlineScript(element, text, files))
    .replace(links, (element, text: string) => inlineLink(element, text, files))
    .replace(images, (element, text: string) => inlineImage(element, text, files));
}

function inlineScript(element: string, text: string, files: BundleFiles): string {
  const attributes = attributesOf(text);
  const src = attributes.get("src");
  if (src === undefined || isExternal(src)) return element;
  const code = files.text(src);
  const isModule = attributes.get("type") === "module";
  const imported = isModule && /\b(?:import|from)\s*\(?\s*["'](\.{0,2}\/[^"']+)/.exec(code);
  if (imported) {
    throw new TypeError(
      `resource: ${src} imports ${imported[1]}; build one file, without code splitting`,
    );
  }
  // The element would end at the text `</script`; in a script it only occurs in literals.
  const escaped = code.replace(/<\/(?=script)/gi, "<\\/").replaceAll("<!--", "<\\!--");
  const open = isModule ? '<script type="module">' : "<script>";
  // A classic script with `defer` runs after the document, an inline one only as a module.
  return attributes.has("defer") || /\bdefer\b/.test(text)
    ? `<script type="module">${escaped}</script>`
    : `${open}${escaped}</script>`;
}

function inlineLink(element: string, text: string, files: BundleFiles): string {
  const attributes = attributesOf(text);
  const href = attributes.get("href");
  const rel = attributes.get("rel") ?? "";
  if (href === undefined || isExternal(href)) return element;
  // The files are inlined where they are used, and a frame shows no icon.
  if (/\b(?:modulepreload|preload|icon|manifest)\b/i.test(rel)) return "";
  if (!/\bstylesheet\b/i.test(rel)) return element;
  const css = files.text(href).replace(styleURLs, (found, double, single, bare) => {
    const url: string = double ?? single ?? bare;
    return isExternal(url) ? found : `url("${dataURL(besideStyle(href, url), files)}")`;
  });
  return `<style>${css.replace(/<\/(?=style)/gi, "<\\/")}</style>`;
}

function inlineImage(element: string, text: string, files: BundleFiles): string {
  const src = attributesOf(text).get("src");
  if (src === undefined || isExternal(src)) return element;
  return element.replace(src, dataURL(src, files));
}

/** A URL in a style is relative to the style. */
function besideStyle(style: string, url: string): string {
  return url.startsWith("/") ? url : style.replace(/[^/]*$/, "") + url;
}

function dataURL(path: string, files: BundleFiles): string {
  const name = path.replace(/[?#].*$/, "");
  const type = mimeTypes[name.split(".").at(-1) ?? ""];
  if (type === undefined) {
    throw new TypeError(`resource: ${path}: expected an image; hosts block other data URLs`);
  }
  return `data:${type};base64,${files.base64(name)}`;
}

function isExternal(url: string): boolean {
  return isInline(url) || /^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(url);
}
