/** The configuration, fit to be shown. */
import { formatPath } from "./config-error.ts";
import type { Config } from "./schema.ts";

const hidden = "[hidden]";

/** Values that are secrets by what they are for. */
const secretPaths = [
  /^keys\[\d+\]\.secret$/,
  /^upstreams\.[\w-]+\.(?:headers|env)(?:\.|\[")/,
] as const;

const storePath = /^upstreams\.[\w-]+\.(?:store|bus)$/;

/**
 * A copy in which no secret is left: not the keys, not the values of headers and environments, no
 * credentials or queries in URLs. What came from the environment is shown as written in the
 * file, such as `${HOST}`. Arguments of commands are shown, as they are by every list of processes.
 *
 * @param environment Texts as written by their path, as `loadConfig` returns them
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

/** A password may hold what has a meaning in URLs, though it should not. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/\/).*@/i, `$1${hidden}@`);
}

function withoutCredentials(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  return text.replace(/^([^/]+:\/\/)[^/?#]*@/, `$1${hidden}@`).replace(/\?[^#]+/, `?${hidden}`);
}
