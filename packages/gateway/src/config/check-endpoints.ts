/** Rules for endpoints: each must be reachable, and have callers of its own where it needs them. */
import { isObject, type JSONObject } from "lutra/protocol";
import { signInPath } from "../sign-in/sign-in-path.ts";
import { formatPath } from "./config-error.ts";
import { routeUpstreams } from "./route-upstreams.ts";
import type { Finding, ValidParts } from "./valid-parts.ts";

/** An endpoint as it is written, with defaults for what is missing or invalid. */
interface WrittenEndpoint {
  /** The path in the configuration; empty for the endpoint without a name. */
  readonly at: readonly PropertyKey[];
  readonly hosts: readonly string[];
  readonly path: string;
  /** `auth` of its own. */
  readonly auth: unknown;
}

/** Returns every violation of a rule. */
export function checkEndpoints(parts: ValidParts, input: unknown): readonly Finding[] {
  if (!isObject(input) || !isObject(input.endpoints)) return [];
  const named = namedEndpoints(input, input.endpoints);
  const none = {
    path: ["endpoints"],
    message: "expected at least one endpoint; add one, or remove",
  };
  const hasMain = input.routes !== undefined;
  const main = { at: [], hosts: [], path: pathOf(input.listen), auth: input.auth };
  return [
    ...(named.length === 0 ? [none] : []),
    ...overlaps(hasMain ? [main, ...named] : named),
    ...named.flatMap((endpoint) => [
      ...ownPaths(endpoint, input),
      ...checkAuth(endpoint, input.auth),
      ...checkAccounts(endpoint, parts, input),
    ]),
    ...(hasMain ? [] : unusedAuth(named, input.auth)),
  ];
}

function namedEndpoints(input: JSONObject, endpoints: JSONObject): readonly WrittenEndpoint[] {
  return Object.entries(endpoints).flatMap(([name, endpoint]) => {
    if (!isObject(endpoint)) return [];
    const { host = [], path, auth } = endpoint;
    const hosts = [host].flat().filter((one) => typeof one === "string");
    return [
      {
        at: ["endpoints", name],
        hosts: hosts.map((one) => one.toLowerCase()),
        path: typeof path === "string" ? path : pathOf(input.listen),
        auth,
      },
    ];
  });
}

/** Returns the path of the endpoint without a name. */
function pathOf(listen: unknown): string {
  return isObject(listen) && typeof listen.path === "string" ? listen.path : "/mcp";
}

/** Two endpoints at one place, or with one resource at one host, can't be told apart. */
function overlaps(all: readonly WrittenEndpoint[]): readonly Finding[] {
  return all.flatMap((endpoint, index) => {
    const earlier = all.slice(0, index).filter((one) => sharesHost(one, endpoint));
    const same = earlier.find(({ path }) => path === endpoint.path);
    if (same !== undefined) {
      return [
        {
          path: endpoint.at,
          message: `expected a host or path other than ${nameOf(same)}, which receives the same requests`,
        },
      ];
    }
    const resource = resourceOf(endpoint);
    const twin = earlier.find((one) => resource !== undefined && resourceOf(one) === resource);
    if (twin === undefined) return [];
    const path = [...endpoint.at, "auth", "resource"];
    return [
      {
        path,
        message: `expected the URL of this endpoint, other than that of ${nameOf(twin)}`,
      },
    ];
  });
}

function sharesHost(one: WrittenEndpoint, other: WrittenEndpoint): boolean {
  if (one.hosts.length === 0 || other.hosts.length === 0) {
    return one.hosts.length === other.hosts.length;
  }
  return one.hosts.some((host) => other.hosts.includes(host));
}

function nameOf({ at, path }: WrittenEndpoint): string {
  return at.length === 0 ? `the endpoint of routes at ${path}` : formatPath(at);
}

function resourceOf({ auth }: WrittenEndpoint): unknown {
  return isObject(auth) ? auth.resource : undefined;
}

/** The paths below this one are those of the metadata of protected endpoints. */
const wellKnown = "/.well-known/oauth-protected-resource";

function ownPaths({ at, path }: WrittenEndpoint, input: JSONObject): readonly Finding[] {
  const pages = pathOf(input.listen).replace(/\/$/, "") + signInPath;
  const hasPages = isObject(input.auth) && input.auth.signIn !== undefined;
  const taken = hasPages ? [wellKnown, pages] : [wellKnown];
  const isTaken = taken.some((one) => path === one || path.startsWith(`${one}/`));
  if (!isTaken) return [];
  return [
    {
      path: [...at, "path"],
      message: "expected another path, because the gateway itself answers at this one",
    },
  ];
}

/** The settings of `auth` that only the gateway as a whole has. */
const wholeOnly = ["signIn", "forwardCredentials"] as const;

function checkAuth({ at, auth }: WrittenEndpoint, shared: unknown): readonly Finding[] {
  const path = [...at, "auth"];
  if (isObject(auth)) {
    return wholeOnly.flatMap((key) => {
      if (auth[key] === undefined || auth[key] === false) return [];
      return [{ path: [...path, key], message: "has no effect in an endpoint; use it in auth" }];
    });
  }
  if (auth !== undefined || !isObject(shared) || shared.issuer === undefined) return [];
  return [
    {
      path: at,
      message:
        "missing, because auth.resource is the URL of another endpoint; add auth with the resource of this one, or auth: false",
    },
  ];
}

/** The accounts of users belong to those who sign in by `auth`. */
function checkAccounts(
  { at, auth }: WrittenEndpoint,
  { routeLists, upstreams = [] }: ValidParts,
  input: JSONObject,
): readonly Finding[] {
  if (auth === undefined) return [];
  const place = formatPath([...at, "routes"]);
  const routes = routeLists.find(({ path }) => formatPath(path) === place)?.routes ?? [];
  const reached = new Set(
    routes.flatMap((route) => (route ? routeUpstreams(route, upstreams) : [])),
  );
  return [...reached].flatMap((name) => {
    const own = isObject(input.upstreams) ? input.upstreams[name] : undefined;
    if (!isObject(own) || !isObject(own.auth) || own.auth.grant !== "sign-in") return [];
    return [
      {
        path: [...at, "auth"],
        message: `expected no upstream with the grant sign-in such as ${name}, whose users sign in by auth; remove it from the routes, or remove auth of this endpoint`,
      },
    ];
  });
}

/** Without `routes`, only endpoints without `auth` of their own have that of the gateway. */
function unusedAuth(named: readonly WrittenEndpoint[], auth: unknown): readonly Finding[] {
  if (auth === undefined || named.some((one) => one.auth === undefined)) return [];
  return [
    {
      path: ["auth"],
      message:
        "has no effect, because every endpoint has auth of its own; remove it, or add routes",
    },
  ];
}
