/** Loads the files by which a gateway verifies callers. */
import { parseBearerTokens } from "lutra/internal";
import { bearerTokens } from "lutra/node";
import type { Authenticate } from "../gateway-options.ts";
import type { CompleteConfig } from "./complete-routes.ts";
import { type ImportModule, importDefault, loadProblem, readText } from "./load-file.ts";
import type { AuthConfig } from "./schema.ts";

/**
 * Returns the function that accepts the access tokens of `auth.issuer`; undefined without one. Loads the
 * verification of tokens only then.
 */
export async function protectedBy({
  issuer,
  resource = "",
  audience,
  scopes = [],
  scopesSupported,
  tokenTypes: types,
}: Partial<AuthConfig> = {}): Promise<Authenticate | undefined> {
  if (issuer === undefined) return undefined;
  const { jwtTokens, protect } = await import("lutra/auth");
  return protect({
    ...{ issuer, resource, scopes },
    ...(audience !== undefined && { audience }),
    ...(scopesSupported !== undefined && { scopesSupported }),
    ...(types !== undefined && { verify: jwtTokens({ types }) }),
  });
}

/** The callers of a gateway or of one endpoint. */
interface AuthAt {
  readonly auth?: Partial<AuthConfig> | undefined;
  /** The path of `auth` in the configuration. @default "auth" */
  readonly key?: string;
}

/**
 * Returns the function that the file of `auth.tokensFile` or `auth.module` defines, or `auth.issuer`;
 * undefined if the configuration has none of them.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} for a file without tokens, and for a module that does not export a function
 */
export async function loadAuthenticate(
  { auth = {}, key = "auth" }: AuthAt,
  file: string,
  importModule: ImportModule | undefined,
): Promise<Authenticate | undefined> {
  const { tokensFile, module } = auth;
  if (auth.issuer !== undefined) return protectedBy(auth);
  if (tokensFile !== undefined) {
    const place = { file, key: `${key}.tokensFile` };
    const text = await readText(place, tokensFile);
    try {
      return bearerTokens(parseBearerTokens(text));
    } catch (cause) {
      throw loadProblem(place, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }
  if (module === undefined) return undefined;
  const place = { file, key: `${key}.module` };
  const found = await importDefault(place, module, importModule);
  if (typeof found === "function") return found as Authenticate;
  const message = "expected a function as the default export; write: export default authenticate";
  throw loadProblem(place, message);
}

/** Returns the functions that verify the callers of the endpoints with `auth` of their own. */
export async function loadEndpointCallers(
  config: Pick<CompleteConfig, "endpoints">,
  load: (own: AuthAt) => Promise<Authenticate | undefined>,
): Promise<ReadonlyMap<string, Authenticate>> {
  const loaded = new Map<string, Authenticate>();
  for (const own of endpointAuths(config)) {
    const authenticate = await load(own);
    if (authenticate !== undefined) loaded.set(own.name, authenticate);
  }
  return loaded;
}

/** Returns the `auth` of each endpoint that has its own. */
function endpointAuths({
  endpoints = {},
}: Pick<CompleteConfig, "endpoints">): readonly (AuthAt & { readonly name: string })[] {
  return Object.entries(endpoints).flatMap(([name, { auth }]) => {
    return auth ? [{ name, auth, key: `endpoints.${name}.auth` }] : [];
  });
}
