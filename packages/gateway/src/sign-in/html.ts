/** The pages on which users connect an account. */
import type { ServerResponse } from "node:http";

/** Headers of every page: nothing is loaded, framed, cached, or sent to other sites. */
const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  // Without a referrer, browsers hide the origin of forms, too.
  "referrer-policy": "same-origin",
};

/** A page: its title, and its body as HTML. */
export interface Page {
  readonly status: number;
  readonly title: string;
  readonly body: string;
}

/** Writes a page, and sets a cookie. */
export function writePage(res: ServerResponse, page: Page, cookie?: string): void {
  const { status, title, body } = page;
  const text = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title></head>
<body><h1>${escaped(title)}</h1>
${body}
</body>
</html>
`;
  const headers = { ...pageHeaders, "content-length": Buffer.byteLength(text) };
  res.writeHead(status, { ...headers, ...(cookie !== undefined && { "set-cookie": cookie }) });
  res.end(text);
}

/** Redirects the browser, and sets a cookie. */
export function redirect(res: ServerResponse, location: string, cookie: string): void {
  const { "content-type": _type, ...headers } = pageHeaders;
  res.writeHead(303, { ...headers, location, "set-cookie": cookie, "content-length": 0 }).end();
}

/** Returns a page with one sentence. */
export function messagePage(status: number, title: string, text: string): Page {
  return { status, title, body: `<p>${escaped(text)}</p>` };
}

/** The parties of a consent. */
export interface Consent {
  readonly client: string;
  readonly gateway: string;
  readonly upstream: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly formKey: string;
}

/** Returns the page on which a user agrees that a client uses an account. */
export function consentPage(consent: Consent): Page {
  const { client, gateway, upstream, issuer, scopes, redirectUri, formKey } = consent;
  const rows = [
    ["Client", client],
    ["Server", `${upstream}, through ${gateway}`],
    ["Account at", issuer],
    ["Permissions", scopes.length === 0 ? "those that it chooses" : scopes.join(" ")],
    ["You return to", redirectUri],
  ];
  const list = rows.map(([name = "", value = ""]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`);
  const body = `<p>A client asks to use your account. Agree only if you have just asked for this.</p>
<dl>${list.join("")}</dl>
<form method="post">
<input type="hidden" name="key" value="${escaped(formKey)}">
<button name="decision" value="agree">Agree</button>
<button name="decision" value="decline">Decline</button>
</form>`;
  return { status: 200, title: "Connect your account", body };
}

/** Returns the page that leads to another site. A redirect after a form would be blocked. */
export function continuePage(location: string): Page {
  const href = escaped(location);
  const body = `<meta http-equiv="refresh" content="0;url=${href}">
<p><a href="${href}">Continue to ${escaped(new URL(location).host)}</a></p>`;
  return { status: 200, title: "Connect your account", body };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
