/** The routes for Envoy, as a static configuration of its v3 API. */
import { headerNames, latestVersion } from "lutra/protocol";
import { stringify } from "yaml";
import { asRegex, dateFrom, literal } from "./header-pattern.ts";
import {
  comment,
  healthCheck,
  idleConnectionMs,
  loopbackHost,
  loopbackOrigin,
  ownAnswers,
  streamIdleMs,
} from "./own-answers.ts";
import {
  type HeaderCondition,
  type Plan,
  type PlannedRoute,
  type Pool,
  type Refusal,
  refused,
} from "./plan.ts";

/** Writes a whole configuration file. */
export function writeEnvoy(plan: Plan): string {
  const head = comment([
    "For Envoy 1.27 or newer, which can check the health of replicas with a body.",
    "",
    "Not exported:",
    ...plan.notes.map((note) => `- ${note}`),
  ]);
  const resources = { listeners: [listener(plan)], clusters: plan.pools.map(cluster) };
  return `${head}\n${stringify({ static_resources: resources }, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

const http = "type.googleapis.com/envoy.extensions";

function listener(plan: Plan): object {
  const manager = {
    "@type": `${http}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "lutra",
    stream_idle_timeout: seconds(streamIdleMs),
    route_config: { name: "lutra", virtual_hosts: [virtualHost(plan)] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": `${http}.filters.http.router.v3.Router` },
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

function virtualHost(plan: Plan): object {
  const { path } = plan.listen;
  const refuse = (refusal: Refusal, ...headers: readonly object[]) => ({
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

/** Requests from foreign pages, and to foreign names. */
function foreign({ hosts, origins }: Plan): readonly (readonly [Refusal, readonly object[]])[] {
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

function routeEntry({ index, conditions, action }: PlannedRoute, { listen, pools }: Plan): object {
  const match = { path: listen.path, headers: conditions.map(conditionOf) };
  if (action.kind === "refuse") return { match, ...directResponse(action) };
  const known = action.shares.flatMap(({ pool: name, weight }) => {
    const pool = pools.find((each) => each.name === name);
    return pool === undefined ? [] : [{ pool, weight }];
  });
  const [first, ...others] = known;
  if (first === undefined) return { match, ...directResponse(ownAnswers.notRouted) };
  if (others.some(({ pool }) => pool.path !== first.pool.path)) {
    throw refused(`routes[${index}].to`, "expected upstreams with the same path; Envoy needs that");
  }
  const attempts = Math.max(...known.map(({ pool }) => pool.config.retries.attempts));
  return {
    match,
    route: {
      ...(others.length === 0
        ? { cluster: `lutra_${first.pool.name}`, host_rewrite_literal: first.pool.authority }
        : { weighted_clusters: { clusters: known.map(weighted) } }),
      prefix_rewrite: first.pool.path,
      // Event streams have no end that could be known.
      timeout: "0s",
      idle_timeout: seconds(streamIdleMs),
      // What may have reached a replica is not repeated.
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

function changedHeaders(pool: Pool | undefined): object {
  const own = Object.entries(pool?.config.headers ?? {});
  return {
    request_headers_to_remove: ["origin"],
    ...(own.length > 0 && {
      request_headers_to_add: own.map(([key, value]) => ({
        header: { key, value: value.replaceAll("%", "%%") },
        append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
      })),
    }),
  };
}

function directResponse({ status, body }: Refusal): object {
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

/** RE2 looks at the whole value. */
function fits(name: string, regex: string): { readonly name: string } {
  return { name, string_match: { safe_regex: { regex } } } as { readonly name: string };
}

function isNot(matcher: { readonly name: string }): object {
  return { ...matcher, invert_match: true };
}

function cluster({ name, isSecure, servers, authority, hostname, path, config }: Pool): object {
  const { connectMs } = config.timeouts;
  const { intervalMs, timeoutMs, failures, ejectMs, maxEjectMs, slowStartMs } = config.health;
  const slowStart = slowStartMs > 0 && {
    slow_start_config: { slow_start_window: seconds(slowStartMs) },
  };
  const least = {
    lb_policy: "LEAST_REQUEST",
    least_request_lb_config: { choice_count: 2, ...slowStart },
  };
  return {
    name: `lutra_${name}`,
    type: "STRICT_DNS",
    connect_timeout: seconds(connectMs),
    ...(config.balance === "round-robin"
      ? { lb_policy: "ROUND_ROBIN", ...(slowStart && { round_robin_lb_config: slowStart }) }
      : least),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": `${http}.upstreams.http.v3.HttpProtocolOptions`,
        common_http_protocol_options: { idle_timeout: seconds(idleConnectionMs) },
        explicit_http_config: { http_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: `lutra_${name}`,
      endpoints: [
        {
          lb_endpoints: servers.map(({ host, port }) => ({
            endpoint: { address: address(host, port) },
          })),
        },
      ],
    },
    health_checks: [
      {
        interval: seconds(intervalMs),
        timeout: seconds(timeoutMs),
        unhealthy_threshold: failures,
        healthy_threshold: 1,
        http_health_check: {
          host: authority,
          path,
          method: "POST",
          send: { text: Buffer.from(healthCheck.body).toString("hex") },
          request_headers_to_add: Object.entries({
            ...healthCheck.headers,
            ...config.headers,
          }).map(([key, value]) => ({ header: { key, value: value.replaceAll("%", "%%") } })),
        },
      },
    ],
    outlier_detection: {
      consecutive_local_origin_failure: failures,
      split_external_local_origin_errors: true,
      base_ejection_time: seconds(ejectMs),
      max_ejection_time: seconds(maxEjectMs),
    },
    ...(isSecure && { transport_socket: tls(hostname) }),
  };
}

function tls(sni: string): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": `${http}.transport_sockets.tls.v3.UpstreamTlsContext`,
      sni,
      common_tls_context: {
        validation_context: {
          trusted_ca: { filename: "/etc/ssl/certs/ca-certificates.crt" },
          match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: sni } }],
        },
      },
    },
  };
}

function address(host: string, port: number): object {
  return { socket_address: { address: host.replace(/^\[|\]$/g, ""), port_value: port } };
}

function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
