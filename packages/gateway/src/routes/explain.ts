/** Explains as text which route a request takes and how it is answered. */
import { encodeHeaderValue, latestVersion, type PrincipalClaims } from "lutra/protocol";
import { describeEra } from "../bridge/era-in-words.ts";
import type { CompleteConfig } from "../config/complete-routes.ts";
import { EndpointIndex } from "../config/endpoint-index.ts";
import { type EndpointConfig, endpointsOf } from "../config/endpoints.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { Head } from "../head/head.ts";
import { mayHaveName, mirrorsArguments } from "../head/read-head.ts";
import { knownMethods } from "../subjects/known-methods.ts";
import { refersInBody } from "../subjects/reference.ts";
import { type IndexedRoute, mergedNames } from "./action.ts";
import { compileDenials, type Denial } from "./denials.ts";
import { subjectOfHead } from "./identify.ts";
import { type Condition, compileMatch, type RoutingInput } from "./match.ts";
import { compileReading } from "./reading.ts";
import { compileRoutes } from "./routes.ts";

/** A request, as described by its headers. */
export interface Question {
  readonly method: string;
  /** The value of `Host`. @default a name that no endpoint lists */
  readonly host?: string | undefined;
  /** The path of the request. @default listen.path */
  readonly path?: string | undefined;
  readonly name?: string | undefined;
  /** Values of `Mcp-Param-*` headers by name. */
  readonly params?: { readonly [name: string]: string } | undefined;
  readonly principal?: string | undefined;
  /** The scopes of the principal. @default [] */
  readonly scopes?: readonly string[] | undefined;
  /** The claims of the principal. @default {} */
  readonly claims?: PrincipalClaims | undefined;
}

export interface Explanation {
  /** The name of the endpoint. Undefined for the endpoint without a name, and for none. */
  readonly endpoint?: string | undefined;
  /** The index of the route. Undefined when no route matches. */
  readonly route: number | undefined;
  /** One line for each route up to the matching one, then the outcome. */
  readonly lines: readonly string[];
}

/** Matches a request against the routes of its endpoint without sending it. */
export function explainRoutes(config: CompleteConfig, question: Question): Explanation {
  const { host = "", path = config.listen.path } = question;
  const all = endpointsOf(config);
  const found = new EndpointIndex(all).at(host).find((one) => one.path === path);
  if (found === undefined) {
    const at = `${host === "" ? "another host" : JSON.stringify(host)} and path ${JSON.stringify(path)}`;
    const lines = all.map((one) => `${labelOf(one)}: expects ${placeOf(one)}`);
    return { route: undefined, lines: [...lines, `=> no endpoint has ${at}: refused with 404`] };
  }
  const { name: endpoint } = found;
  const { route, lines } = explainAt(found, question);
  if (endpoint === undefined) return { route, lines };
  return { endpoint, route, lines: [`${labelOf(found)}: has ${placeOf(found)}`, ...lines] };
}

function labelOf({ name }: EndpointConfig): string {
  return name === undefined ? "listen" : `endpoints.${name}`;
}

function placeOf({ hosts, path }: EndpointConfig): string {
  return `${hosts.length === 0 ? "other hosts" : hosts.join(" or ")}, path ${path}`;
}

function explainAt({ name, config }: EndpointConfig, question: Question): Explanation {
  const prefix = name === undefined ? "" : `endpoints.${name}.`;
  const head = headOf(question);
  const input = { head, ...callerOf(question) };
  const found = compileRoutes(config.routes).find(input)?.index;
  const denial = found === undefined ? undefined : denialOf(found, input, config);
  const route = denial?.index ?? found;
  const tried = config.routes.slice(0, (route ?? config.routes.length) + 1);
  const taken = route === undefined ? undefined : config.routes[route];
  const lines = tried.map((candidate, index) => {
    const line = index === route ? undefined : mismatchOf(candidate, input, taken);
    return `${prefix}routes[${index}]: ${line ?? `matches${conditionsOf(candidate)}`}`;
  });
  const outcome =
    taken === undefined ? "no route matches: refused with 404" : outcomeOf(taken, config);
  const reading =
    taken && readingOf({ route: taken, index: route as number }, config, question.method);
  const details = [...(taken ? erasOf(taken, config) : []), ...(reading ? [reading] : [])];
  return { route, lines: [...lines, `=> ${outcome}`, ...details.map((line) => `   ${line}`)] };
}

function callerOf({ principal, scopes, claims }: Question): Omit<RoutingInput, "head"> {
  if (principal === undefined) return { principal };
  const caller = { id: principal, ...(scopes && { scopes }), ...(claims && { claims }) };
  return { principal, caller };
}

/** Returns the denial by the name that a request has at the only upstream of its route. */
function denialOf(found: number, input: RoutingInput, config: CompleteConfig): Denial | undefined {
  const { to: name, rename } = config.routes[found] as RouteConfig;
  if (typeof name !== "string") return undefined;
  const subject = subjectOfHead({ name, countedAt: name, rename }, input);
  return (
    subject &&
    compileDenials(config)
      .above(found)
      ?.find({ ...input, subject })
  );
}

/** Describes the condition that does not hold, or that depends on the name at a merged upstream. */
function mismatchOf(
  candidate: RouteConfig,
  input: RoutingInput,
  taken: RouteConfig | undefined,
): string | undefined {
  const failed = conditionsOn(candidate).filter(({ holds }) => !holds(input));
  const [first] = failed;
  if (first === undefined) return undefined;
  const isOpen = candidate.deny !== undefined && taken?.merge !== undefined;
  const { method, name } = input.head;
  if (isOpen && (name !== undefined || refersInBody(method))) {
    const isBySubject = failed.every(({ on }) => on === "subject");
    if (isBySubject) return `depends on the upstream of the name; denies${conditionsOf(candidate)}`;
  }
  const actual = first.actual(input);
  const shown = actual === undefined ? "absent" : JSON.stringify(actual);
  return `does not match; ${first.about} is ${shown}, expected ${first.expected}`;
}

function headOf({ method, name, params = {} }: Question): Head {
  const own = new Map(Object.entries(params).map(([key, value]) => [key.toLowerCase(), value]));
  const headers = ["mcp-protocol-version", latestVersion, "mcp-method", method];
  if (name !== undefined) headers.push("mcp-name", encodeHeaderValue(name));
  return {
    version: latestVersion,
    method,
    name: mayHaveName(method) ? name : undefined,
    param: (key) => (mirrorsArguments(method) ? own.get(key) : undefined),
    headers,
    address: "127.0.0.1",
  };
}

function conditionsOn({ match, deny }: RouteConfig): readonly Condition[] {
  return compileMatch(match, deny === undefined ? "sent" : "subject");
}

function conditionsOf(route: RouteConfig): string {
  const conditions = conditionsOn(route);
  if (conditions.length === 0) return " every request";
  return ` ${conditions.map(({ about, expected }) => `${about} ${expected}`).join(" and ")}`;
}

function outcomeOf(route: RouteConfig, config: CompleteConfig): string {
  if (route.deny !== undefined) return `refused with 403: ${route.deny}`;
  if (route.merge !== undefined) {
    const names = route.merge === "all" ? Object.keys(config.upstreams) : route.merge;
    return `${names.join(", ")} as one server`;
  }
  const renamed = route.rename === undefined ? "" : ` as ${route.rename}`;
  const copied = route.shadow === undefined ? "" : `, with a copy to ${route.shadow.upstream}`;
  return `to ${targetOf(route, config)}${renamed}${copied}`;
}

function targetOf({ to = [] }: RouteConfig, config: CompleteConfig): string {
  if (typeof to === "string") return `${to} (${kindOf(to, config)})`;
  const total = to.reduce((sum, { weight }) => sum + weight, 0);
  return to
    .map(({ upstream, weight }) => `${upstream} (${Math.round((100 * weight) / total)} %)`)
    .join(" or ");
}

function kindOf(name: string, { upstreams }: CompleteConfig): string {
  const { url, command, module, replicas } = upstreams[name] ?? {};
  if (module !== undefined) return `${replicas} processes of a module`;
  if (command !== undefined) return "a command";
  const count = [url ?? []].flat().length;
  return count === 1 ? "one URL" : `${count} URLs`;
}

/** Returns a line about the revision of each upstream of a route. */
function erasOf(route: RouteConfig, config: CompleteConfig): readonly string[] {
  const targets = [route.to ?? []].flat().map((to) => (typeof to === "string" ? to : to.upstream));
  return [...mergedNames(route, config), ...targets].map((name) => {
    const { era = "auto", module } = config.upstreams[name] ?? {};
    return `${name} ${describeEra({ era, module })}`;
  });
}

/** Returns a line about the body: passed through unread, or read for the listed reasons. */
function readingOf(
  indexed: IndexedRoute,
  config: CompleteConfig,
  name: string,
): string | undefined {
  const { route } = indexed;
  if (route.deny !== undefined) return undefined;
  if (route.to === undefined) return "the body is read: the upstreams are one server";
  const method = knownMethods.find((known) => known.name === name);
  const names = [route.to].flat().map((to) => (typeof to === "string" ? to : to.upstream));
  const rules = { config, denials: compileDenials(config) };
  const reasons = names.flatMap((upstream) => {
    const { always, of } = compileReading(upstream, indexed, rules);
    return method === undefined ? always : [...always, ...of(method)];
  });
  if (reasons.length === 0) return "the body is passed through unread";
  return `the body is read: ${[...new Set(reasons)].join(", ")}`;
}
