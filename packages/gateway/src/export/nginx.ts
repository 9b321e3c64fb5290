/** Writes the routes for nginx. */
import { headerNames, latestVersion } from "lutra/protocol";
import { defaultHeaders } from "../head/header-policy.ts";
import {
  decidingHeaders,
  type ExportPlan,
  exportError,
  namelessMethods,
  type PlannedRoute,
  type Pool,
  type RefuseAction,
  requireHeaderNames,
} from "./export-plan.ts";
import { claimsNote, droppedClaims, forwardedHeaders } from "./forwarded-headers.ts";
import { asRegex, dateFrom, type HeaderPattern, literal } from "./header-pattern.ts";
import {
  comment,
  idleConnectionMs,
  loopbackHost,
  loopbackOrigin,
  ownAnswers,
  streamIdleMs,
} from "./own-answers.ts";

/** Writes a file for nginx's `http` block. */
export function writeNginx(plan: ExportPlan): string {
  const headers = decidingHeaders(plan);
  requireHeaderNames(plan, /^[a-z0-9_-]+$/, "only letters, digits, _ and -, which nginx can read");
  return [
    comment([
      "For the http block of nginx 1.15.3 or newer, such as /etc/nginx/conf.d/lutra.conf",
      "",
      "Not exported:",
      ...[...plan.notes, claimsNote].map((note) => `- ${note}`),
      "- health: nginx does not check replicas; max_fails takes out those that refuse connections",
      "- names of replicas are resolved once, when nginx starts or reloads",
    ]),
    ...plan.pools.map(upstream),
    ...plan.routes.flatMap(splitShares),
    foreignMap(plan),
    ...(plan.needsMetadata ? [versionMap()] : []),
    ...(plan.routes.some(({ needsName }) => needsName) ? [nameMap()] : []),
    routeMap(plan, headers),
    poolMap(plan),
    ...(needsDollar(plan) ? [`geo ${dollar} {\n    default "$";\n}`] : []),
    server(plan, headers),
    "",
  ].join("\n\n");
}

const dollar = "$lutra_dollar";

/** Quotes a text for a place where nginx replaces no variables. */
function quoteNginx(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** Quotes a text for a place where nginx replaces variables. A variable stands for each dollar sign. */
function quoteWithVariables(text: string): string {
  return quoteNginx(text).replaceAll("$", `\${${dollar.slice(1)}}`);
}

function variableOf(header: string): string {
  return `$http_${header.replaceAll("-", "_")}`;
}

function upstream({ name, servers, config }: Pool): string {
  const balance = {
    "round-robin": [],
    "least-in-flight": ["    least_conn;"],
    "two-choices": ["    random two least_conn;"],
  }[config.balance];
  const { failures, ejectMs } = config.health;
  return [
    `upstream lutra_${name} {`,
    ...balance,
    ...servers.map(
      ({ host, port }) =>
        `    server ${host}:${port} max_fails=${failures} fail_timeout=${Math.ceil(ejectMs / 1000)}s;`,
    ),
    "    keepalive 64;",
    `    keepalive_timeout ${idleConnectionMs}ms;`,
    "}",
  ].join("\n");
}

/** Chooses one of several pools by weight, from the random id that nginx gives each request. */
function splitShares({ index, action }: PlannedRoute): string[] {
  if (action.kind === "refuse" || action.shares.length < 2) return [];
  const sum = action.shares.reduce((total, { weight }) => total + weight, 0);
  const lines = action.shares.map(({ pool, weight }, at) => {
    const isLast = at === action.shares.length - 1;
    const share = isLast ? "*" : `${(Math.floor((weight / sum) * 10_000) / 100).toFixed(2)}%`;
    return `    ${share} ${pool};`;
  });
  return [[`split_clients $request_id $lutra_share_${index} {`, ...lines, "}"].join("\n")];
}

/** Maps `Host` and `Origin` to 0 when they are allowed, otherwise to 1. */
function foreignMap({ hosts, origins }: ExportPlan): string {
  const listed = origins.map((origin) => literal(origin, "bytes"));
  const allowed = hosts?.map((host) => `${literal(host, "bytes")}(?::[0-9]+)?`) ?? ["[^\\n]*"];
  const lines = [
    regexLine(`(?i)${loopbackHost}\\n(?:|${[loopbackOrigin, ...listed].join("|")})`, "0"),
    ...(allowed.length === 0
      ? []
      : [regexLine(`(?i:${allowed.join("|")})\\n(?:${["", ...listed].join("|")})`, "0")]),
  ];
  return map('"$http_host\\n$http_origin"', "$lutra_foreign", "1", lines);
}

function versionMap(): string {
  const lines = [regexLine(dateFrom(latestVersion), "1")];
  return map(variableOf(headerNames.version), "$lutra_modern", "0", lines);
}

const decidingName = "$lutra_name";

/** Maps `Mcp-Name` to the name that routes use: empty for methods that have no name. */
function nameMap(): string {
  const nameless = namelessMethods.map((method) => literal(method, "bytes")).join("|");
  const lines = [regexLine(nameless, '""')];
  return map(variableOf(headerNames.method), decidingName, variableOf(headerNames.name), lines);
}

/** Maps the headers to the first route that matches. nginx tries regular expressions in order. */
function routeMap({ routes }: ExportPlan, headers: readonly string[]): string {
  const source = headers
    .map((header) => (header === headerNames.name ? decidingName : variableOf(header)))
    .join("\\n");
  const lines = routes.flatMap(({ index, conditions }) => {
    const regexesByHeader = headers.map((header) => {
      const condition = conditions.find((each) => each.header === header);
      return condition === undefined ? ["[^\\n]*"] : regexesOf(condition.pattern);
    });
    return combinations(regexesByHeader).map((parts) => {
      const line = regexLine(parts.join("\\n"), String(index));
      if (line.length < maxLine) return line;
      throw exportError(`routes[${index}].match`, "expected a shorter pattern or fewer stars");
    });
  });
  return map(`"${source}"`, "$lutra_route", "none", lines);
}

/** Maximum length of a line; nginx reads words of up to 4096 bytes. */
const maxLine = 4000;
const maxRegex = 1000;

/** Returns several regular expressions if a single one would be too long for a line. */
function regexesOf(pattern: HeaderPattern): readonly string[] {
  const spellings = [...pattern.exact.map((value) => literal(value, "bytes")), ...pattern.regexes];
  const groups: string[][] = [[]];
  for (const spelling of spellings) {
    const group = groups.at(-1) ?? [];
    if (group.length === 0 || group.join("|").length + spelling.length < maxRegex) {
      group.push(spelling);
    } else {
      groups.push([spelling]);
    }
  }
  return groups.map((regexes) => asRegex({ exact: [], regexes }));
}

/** Returns every combination that takes one item of each list. */
function combinations(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (taken, options) => taken.flatMap((parts) => options.map((option) => [...parts, option])),
    [[]],
  );
}

function poolMap({ routes }: ExportPlan): string {
  const lines = routes.flatMap(({ index, action }) => {
    if (action.kind === "refuse") return [];
    const [only, ...others] = action.shares;
    return [`    ${index} ${others.length > 0 ? `$lutra_share_${index}` : only?.pool};`];
  });
  return map("$lutra_route", "$lutra_pool", '""', lines);
}

function map(source: string, target: string, byDefault: string, lines: readonly string[]): string {
  return [`map ${source} ${target} {`, `    default ${byDefault};`, ...lines, "}"].join("\n");
}

function regexLine(regex: string, value: string): string {
  return `    ${quoteNginx(`~^(?:${regex})$`)} ${value};`;
}

function server(plan: ExportPlan, headers: readonly string[]): string {
  const { listen, routes, pools } = plan;
  const refusals = routes.flatMap(({ index, action }) =>
    action.kind === "refuse" ? [when(`$lutra_route = ${index}`, action)] : [],
  );
  return [
    "server {",
    `    listen ${listen.host}:${listen.port};`,
    "    # Mcp-Param-* headers may have names that nginx ignores by default.",
    "    ignore_invalid_headers off;",
    "    underscores_in_headers on;",
    "    # Upstreams limit the size of bodies.",
    "    client_max_body_size 0;",
    "    gzip off;",
    "",
    "    location / {",
    "        return 404;",
    "    }",
    "",
    `    location = ${listen.path} {`,
    "        default_type application/json;",
    when("$lutra_foreign", ownAnswers.foreignOrigin),
    "        if ($request_method != POST) {\n            add_header Allow POST always;\n            return 405;\n        }",
    ...(plan.needsMetadata
      ? [
          when("$lutra_modern = 0", ownAnswers.metadata),
          when(`${variableOf(headerNames.method)} = ""`, ownAnswers.metadata),
        ]
      : []),
    ...refusals,
    when("$lutra_route = none", ownAnswers.notRouted),
    "        rewrite ^ /lutra-pool/$lutra_pool? last;",
    "    }",
    ...pools.flatMap((pool) => ["", location(pool, headers)]),
    "}",
  ].join("\n");
}

function when(condition: string, { status, body }: RefuseAction): string {
  return [
    `        if (${condition}) {`,
    `            return ${status} ${quoteNginx(body)};`,
    "        }",
  ].join("\n");
}

function location(pool: Pool, headers: readonly string[]): string {
  const { name, isSecure, hostname, path, config } = pool;
  const { connectMs, firstByteMs, idleMs } = config.timeouts;
  return [
    `    location = /lutra-pool/${name} {`,
    "        internal;",
    `        proxy_pass ${isSecure ? "https" : "http"}://lutra_${name}${path};`,
    ...(isSecure
      ? [
          "        proxy_ssl_server_name on;",
          `        proxy_ssl_name ${hostname};`,
          "        proxy_ssl_verify on;",
          "        proxy_ssl_verify_depth 5;",
          "        proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;",
        ]
      : []),
    "        proxy_http_version 1.1;",
    '        proxy_set_header Connection "";',
    ...Object.entries(setHeaders(pool, headers)).map(
      ([header, value]) => `        proxy_set_header ${quoteNginx(header)} ${value};`,
    ),
    "        # Forwards bodies and event streams without buffering.",
    "        proxy_request_buffering off;",
    "        proxy_buffering off;",
    "        proxy_cache off;",
    "        proxy_pass_header X-Accel-Buffering;",
    `        proxy_connect_timeout ${connectMs}ms;`,
    `        proxy_read_timeout ${Math.max(firstByteMs, idleMs, streamIdleMs)}ms;`,
    `        proxy_send_timeout ${Math.max(firstByteMs, idleMs)}ms;`,
    "        # Retries only requests that were not sent: a POST is never repeated.",
    "        proxy_next_upstream error timeout;",
    `        proxy_next_upstream_tries ${config.retries.attempts};`,
    "    }",
  ].join("\n");
}

/**
 * Returns the headers to send to an upstream. The headers that decided the route are set to the
 * values that decided, because a client may have sent a header twice.
 */
function setHeaders(
  { authority, config }: Pool,
  headers: readonly string[],
): { readonly [header: string]: string } {
  const { set, rename, remove } = config.headers ?? defaultHeaders;
  return {
    host: authority,
    origin: '""',
    ...Object.fromEntries(droppedClaims.map((header) => [header, '""'])),
    ...forwardedHeaders({ address: "$remote_addr", host: "$http_host" }),
    ...Object.fromEntries(headers.map((header) => [header, variableOf(header)])),
    ...Object.fromEntries([...remove, ...Object.keys(rename)].map((header) => [header, '""'])),
    ...mapValues(rename, ([from, to]) => [to, variableOf(from)]),
    ...mapValues(set, ([header, value]) => [header, quoteWithVariables(value)]),
  };
}

function mapValues(
  pairs: { readonly [name: string]: string },
  convert: (pair: readonly [string, string]) => readonly [string, string],
): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(pairs).map(convert));
}

function needsDollar({ pools }: ExportPlan): boolean {
  return pools.some(({ config }) =>
    Object.entries(config.headers?.set ?? {})
      .flat()
      .join("")
      .includes("$"),
  );
}
