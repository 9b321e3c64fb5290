/** Removes secrets from a configuration before it is displayed. */
import { formatPath } from "./config-error.ts";
import type { Config } from "./schema.ts";

const hidden = "[hidden]";

/** Paths of values that are always secret. */
const secretPaths = [
  /^keys\[\d+\]\.secret$/,
  /^guard\.headers(?:\.|\[")/,
  /^auth\.signIn\.clientSecret$/,
  /^(?:endpoints\.[\w-]+\.)?auth\.tokens\[\d+\]\.token$/,
  /^upstreams\.[\w-]+\.auth\.(?:identityProvider\.)?clientSecret$/,
  /^upstreams\.[\w-]+\.(?:headers\.set|env)(?:\.|\[")/,
] as const;

const storePath =
  /^(?:bus|upstreams\.[\w-]+\.(?:store|bus)|eras\.store|auth\.signIn\.store|shared\.redis)$/;

/**
 * Returns a copy without secrets: keys, tokens, values of headers and of `env`, and credentials and queries
 * in URLs are replaced. Values from the environment appear as written in the file, such as `${HOST}`.
 * Arguments of commands are not hidden, because every list of processes shows them.
 *
 * @param environment Strings as written, by path, as `loadConfig` returns them
 */
export function hideSecrets(
  config: Config,
  environment: ReadonlyMap<string, string> = new Map(),
): unknown {
  const show = (value: unknown, path: readonly PropertyKey[]): unknown => {
    const place = formatPath(path);
    if (typeof value === "object" && value !== null) {
      if (Array.isArray(value)) return value.map((item, index) => show(item, [...path, index]));
      const entries = Object.entries(value).map(([key, item]) => [key, show(item, [...path, key])]);
      return Object.fromEntries(entries);
    }
    if (secretPaths.some((secret) => secret.test(place))) return hidden;
    const written = environment.get(place) ?? value;
    if (typeof written !== "string") return written;
    return withoutCredentials(storePath.test(place) ? withoutUser(written) : written);
  };
  return show(config, []);
}

/** Hides credentials even when the password contains characters that should have been escaped. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/\/).*@/i, `$1${hidden}@`);
}

function withoutCredentials(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  return text.replace(/^([^/]+:\/\/)[^/?#]*@/, `$1${hidden}@`).replace(/\?[^#]+/, `?${hidden}`);
}
