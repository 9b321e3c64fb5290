/** Removes secrets from headers before the page shows them. */

/** Headers whose values are credentials in whole or in part. */
const secret = /^(?:(?:proxy-)?authorization|cookie|set-cookie)$|token|secret|api-?key|session/i;

/** The text in place of a secret. */
const maskedValue = "••••••";

/** Returns the headers with lower-case names. Of `Authorization`, the scheme is kept. */
export function maskHeaders(headers: Headers): readonly (readonly [string, string])[] {
  return [...headers].map(([name, value]) => [name, secret.test(name) ? masked(value) : value]);
}

function masked(value: string): string {
  const [, scheme] = /^(Bearer|Basic|DPoP) /i.exec(value) ?? [];
  return scheme === undefined ? maskedValue : `${scheme} ${maskedValue}`;
}
