/** The files of the page, which are in memory. No path of a request reaches the file system. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface StaticFile {
  readonly body: Buffer;
  readonly headers: { readonly [name: string]: string };
}

/** The files by their path below the page, such as `chunks/a.js`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

const types: { readonly [extension: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * The policy of the page. It loads nothing from elsewhere, and runs no script that is written into a
 * page. Images of results are `data:` and `blob:` URLs.
 */
const policyOf = (frames: readonly string[]) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    ...(frames.length > 0 ? [`frame-src ${frames.join(" ")}`] : []),
  ].join("; ");

const securityHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

/**
 * Reads the built page, by default the one of this package.
 *
 * @param frames The origins whose pages it may embed
 */
export function loadStaticFiles(
  folder: string = fileURLToPath(new URL("../page/", import.meta.url)),
  frames: readonly string[] = [],
): StaticFiles {
  const files = new Map<string, StaticFile>();
  const policy = { "content-security-policy": policyOf(frames) };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const body = readFileSync(path);
    const name = path.slice(join(folder, "/").length).replaceAll("\\", "/");
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const caching = name.startsWith("chunks/") ? "max-age=31536000, immutable" : "no-cache";
    const headers = {
      "content-type": type,
      etag,
      "cache-control": caching,
      ...policy,
      ...securityHeaders,
    };
    files.set(name, { body, headers });
  }
  return files;
}

/** Sends a file. */
export function sendFile(req: IncomingMessage, res: ServerResponse, file: StaticFile): void {
  if (req.headers["if-none-match"] === file.headers.etag) {
    res.writeHead(304, file.headers).end();
    return;
  }
  res.writeHead(200, { ...file.headers, "content-length": file.body.length });
  res.end(req.method === "HEAD" ? undefined : file.body);
}
