/** Writes the routes for Envoy, as a static configuration of its v3 API. */
import { headerNames, latestVersion } from "lutra/protocol";
import { stringify } from "yaml";
import { defaultHeaders } from "../head/header-policy.ts";
import { address, cluster, extensions, seconds } from "./envoy-cluster.ts";
import {
  type ExportPlan,
  exportError,
  type HeaderCondition,
  namelessMethods,
  type PlannedRoute,
  type Pool,
  type RefuseAction,
} from "./export-plan.ts";
import { claimsNote, droppedClaims, forwardedHeaders } from "./forwarded-headers.ts";
import { asRegex, dateFrom, literal } from "./header-pattern.ts";
import { comment, loopbackHost, loopbackOrigin, ownAnswers, streamIdleMs } from "./own-answers.ts";

/** Writes a whole configuration file. */
export function writeEnvoy(plan: ExportPlan): string {
  const head = comment([
    "For Envoy 1.27 or newer: earlier versions can't send a body with health checks.",
    "",
    "Not exported:",
    ...[...plan.notes, claimsNote].map((note) => `- ${note}`),
  ]);
  const resources = { listeners: [listener(plan)], clusters: plan.pools.map(cluster) };
  return `${head}\n${stringify({ static_resources: resources }, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function listener(plan: ExportPlan): object {
  const manager = {
    "@type": `${extensions}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "lutra",
    // Takes the client's address from the connection and ignores X-Forwarded-For.
    use_remote_address: true,
    stream_idle_timeout: seconds(streamIdleMs),
    route_config: { name: "lutra", virtual_hosts: [virtualHost(plan)] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": `${extensions}.filters.http.router.v3.Router` },
      },
    ],
  };
  return {
    name: "lutra",
    address: address(plan.listen.host, plan.listen.port),
    filter_chains: [
      {
        filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }],
      },
    ],
  };
}

function virtualHost(plan: ExportPlan): object {
  const { path } = plan.listen;
  const refuse = (refusal: RefuseAction, ...headers: readonly object[]) => ({
    match: { path, headers },
    ...directResponse(refusal),
  });
  return {
    name: "lutra",
    domains: ["*"],
    routes: [
      ...foreign(plan).map(([refusal, headers]) => refuse(refusal, ...headers)),
      {
        match: { path, headers: [isNot(isExactly(":method", "POST"))] },
        direct_response: { status: 405 },
      },
      ...(plan.needsMetadata
        ? [
            refuse(ownAnswers.metadata, { name: headerNames.version, present_match: false }),
            refuse(ownAnswers.metadata, isNot(fits(headerNames.version, dateFrom(latestVersion)))),
            refuse(ownAnswers.metadata, { name: headerNames.method, present_match: false }),
          ]
        : []),
      ...plan.routes.map((route) => routeEntry(route, plan)),
      refuse(ownAnswers.notRouted),
      { match: { prefix: "/" }, direct_response: { status: 404 } },
    ],
  };
}

/** Returns the refusals of foreign origins and host names, each with its conditions. */
function foreign({
  hosts,
  origins,
}: ExportPlan): readonly (readonly [RefuseAction, readonly object[]])[] {
  const loopback = `(?i:${loopbackHost})`;
  const named = hosts?.map((host) => `(?i:${literal(host, "characters")})(?::[0-9]+)?`);
  const listed = origins.map((origin) => literal(origin, "characters"));
  const isForeignHost = isNot(fits(":authority", loopback));
  const hasOrigin = { name: "origin", present_match: true };
  const unlisted = listed.length > 0 ? [isNot(fits("origin", listed.join("|")))] : [];
  return [
    ...(named === undefined
      ? []
      : [
          [
            ownAnswers.foreignHost,
            [isNot(fits(":authority", [loopback, ...named].join("|")))],
          ] as const,
        ]),
    [
      ownAnswers.foreignOrigin,
      [hasOrigin, ...unlisted, isNot(fits("origin", `(?i:${loopbackOrigin})`))],
    ],
    [ownAnswers.foreignOrigin, [hasOrigin, ...unlisted, isForeignHost]],
  ];
}

function routeEntry(route: PlannedRoute, { listen, pools }: ExportPlan): object {
  const { index, conditions, needsName, action } = route;
  const nameless = namelessMethods.map((method) => literal(method, "characters")).join("|");
  const mayHaveName = needsName ? [isNot(fits(headerNames.method, nameless))] : [];
  const match = { path: listen.path, headers: [...conditions.map(conditionOf), ...mayHaveName] };
  if (action.kind === "refuse") return { match, ...directResponse(action) };
  const known = action.shares.flatMap(({ pool: name, weight }) => {
    const pool = pools.find((each) => each.name === name);
    return pool === undefined ? [] : [{ pool, weight }];
  });
  const [first, ...others] = known;
  if (first === undefined) return { match, ...directResponse(ownAnswers.notRouted) };
  if (others.some(({ pool }) => pool.path !== first.pool.path)) {
    throw exportError(
      `routes[${index}].to`,
      "expected upstreams with the same path, as Envoy requires",
    );
  }
  const attempts = Math.max(...known.map(({ pool }) => pool.config.retries.attempts));
  return {
    match,
    route: {
      ...(others.length === 0
        ? { cluster: `lutra_${first.pool.name}`, host_rewrite_literal: first.pool.authority }
        : { weighted_clusters: { clusters: known.map(weighted) } }),
      prefix_rewrite: first.pool.path,
      // The duration of an event stream is not limited.
      timeout: "0s",
      idle_timeout: seconds(streamIdleMs),
      // A request that may have reached a replica is not retried.
      ...(attempts > 1 && {
        retry_policy: { retry_on: "connect-failure", num_retries: attempts - 1 },
      }),
    },
    ...changedHeaders(others.length === 0 ? first.pool : undefined),
  };
}

function weighted({ pool, weight }: { readonly pool: Pool; readonly weight: number }): object {
  return {
    name: `lutra_${pool.name}`,
    weight,
    host_rewrite_literal: pool.authority,
    ...changedHeaders(pool),
  };
}

/**
 * Returns the headers to remove and, for a pool, the headers to add. A weighted cluster rewrites
 * `Host` before its route adds headers, so with several pools each cluster adds its own headers.
 */
function changedHeaders(pool: Pool | undefined): object {
  const { set, rename, remove } = pool?.config.headers ?? defaultHeaders;
  if (pool !== undefined && Object.keys(rename).length > 0) {
    throw exportError(
      `upstreams.${pool.name}.headers.rename`,
      "expected no renamed headers, because Envoy routes can't rename headers; remove it",
    );
  }
  const added = {
    ...forwardedHeaders({
      address: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
      host: "%REQ(:AUTHORITY)%",
    }),
    ...Object.fromEntries(
      Object.entries(set).map(([key, value]) => [key, value.replaceAll("%", "%%")]),
    ),
  };
  return {
    request_headers_to_remove: ["origin", ...droppedClaims, ...remove],
    ...(pool !== undefined && {
      request_headers_to_add: Object.entries(added)
        .filter(([key]) => key in set || !remove.includes(key))
        .map(([key, value]) => ({
          header: { key, value },
          append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
        })),
    }),
  };
}

function directResponse({ status, body }: RefuseAction): object {
  return {
    direct_response: { status, body: { inline_string: body } },
    response_headers_to_add: [
      {
        header: { key: "content-type", value: "application/json" },
        append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
      },
    ],
  };
}

function conditionOf({ header, pattern }: HeaderCondition): object {
  const [only, ...others] = pattern.exact;
  const isOne = only !== undefined && others.length === 0 && pattern.regexes.length === 0;
  return isOne ? isExactly(header, only) : fits(header, asRegex(pattern));
}

function isExactly(name: string, exact: string): { readonly name: string } {
  return { name, string_match: { exact } } as { readonly name: string };
}

/** Matches a whole header value with RE2. */
function fits(name: string, regex: string): { readonly name: string } {
  return { name, string_match: { safe_regex: { regex } } } as { readonly name: string };
}

function isNot(matcher: { readonly name: string }): object {
  return { ...matcher, invert_match: true };
}
