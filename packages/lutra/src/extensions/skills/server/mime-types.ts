/** The MIME types of files by the end of their name. */

const types: { readonly [end: string]: string } = {
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  pdf: "application/pdf",
  png: "image/png",
  py: "text/x-python",
  sh: "application/x-sh",
  sql: "application/sql",
  svg: "image/svg+xml",
  toml: "application/toml",
  ts: "text/x-typescript",
  txt: "text/plain",
  webp: "image/webp",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
};

/** Returns the MIME type of a file. */
export function mimeTypeOf(path: string, isText: boolean): string {
  const end = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  if (Object.hasOwn(types, end)) return types[end] as string;
  return isText ? "text/plain" : "application/octet-stream";
}
