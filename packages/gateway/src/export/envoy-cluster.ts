/** Writes the replicas of an upstream for Envoy. */

import type { Pool } from "./export-plan.ts";
import { healthCheck, idleConnectionMs } from "./own-answers.ts";

/** The prefix of the type names of Envoy's extensions. */
export const extensions = "type.googleapis.com/envoy.extensions";

/** Writes an upstream as a cluster with health checks. */
export function cluster({
  name,
  isSecure,
  servers,
  authority,
  hostname,
  path,
  config,
}: Pool): object {
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
        "@type": `${extensions}.upstreams.http.v3.HttpProtocolOptions`,
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
            ...config.headers?.set,
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
      "@type": `${extensions}.transport_sockets.tls.v3.UpstreamTlsContext`,
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

export function address(host: string, port: number): object {
  return { socket_address: { address: host.replace(/^\[|\]$/g, ""), port_value: port } };
}

export function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
