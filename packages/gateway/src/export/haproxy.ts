/** Writes the routes for HAProxy. */
import { headerNames, latestVersion } from "lutra/protocol";
import { defaultHeaders } from "../head/header-policy.ts";
import {
  decidingHeaders,
  type ExportPlan,
  type HeaderCondition,
  namelessMethods,
  type PlannedRoute,
  type Pool,
  type RefuseAction,
  requireHeaderNames,
} from "./export-plan.ts";
import { forwardedHeaders } from "./forwarded-headers.ts";
import { dateFrom, literal } from "./header-pattern.ts";
import {
  comment,
  healthCheck,
  idleConnectionMs,
  loopbackHost,
  loopbackOrigin,
  ownAnswers,
  streamIdleMs,
} from "./own-answers.ts";

/** Writes a complete configuration file. */
export function writeHaproxy(plan: ExportPlan): string {
  requireHeaderNames(plan, /^[a-z0-9_.-]+$/, "only letters, digits, dots, _ and -");
  const needsNames = plan.pools.some(({ servers }) => servers.some(({ host }) => isName(host)));
  return [
    comment([
      "For HAProxy 2.6 or newer. Add a global section for settings of the machine (user, chroot, log).",
      "",
      "Not exported:",
      ...plan.notes.map((note) => `- ${note}`),
    ]),
    defaults(),
    ...(needsNames ? ["resolvers lutra\n    parse-resolv-conf"] : []),
    frontend(plan),
    ...plan.pools.map(backend),
    "",
  ].join("\n\n");
}

/** Quotes a text. HAProxy interprets no character inside single quotes. */
function quoteHaproxy(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Quotes a text where HAProxy expects a format string, in which `%` must be escaped. */
function quoteFormat(text: string): string {
  return quoteHaproxy(text.replaceAll("%", "%%"));
}

function isName(host: string): boolean {
  return !/^(?:[0-9.]+|\[.*\])$/.test(host);
}

function defaults(): string {
  return [
    "defaults",
    "    mode http",
    "    # Cancels the request of a client that disconnects.",
    "    option abortonclose",
    "    # Retries only requests that were not sent: a POST is never repeated.",
    "    retry-on conn-failure",
    "    option redispatch 1",
    "    timeout http-request 30s",
    "    timeout http-keep-alive 60s",
    `    timeout client ${streamIdleMs}ms`,
  ].join("\n");
}

function frontend(plan: ExportPlan): string {
  const { listen, routes } = plan;
  const refusals = routes.flatMap(({ index, action }) =>
    action.kind === "refuse" ? [refuse(action, isRoute(index))] : [],
  );
  return [
    "frontend lutra",
    `    bind ${listen.host}:${listen.port}`,
    `    http-request return status 404 if !{ path ${listen.path} }`,
    ...hostRules(plan),
    "    http-request return status 405 content-type text/plain string 'POST only' hdr allow POST if !METH_POST",
    ...metadataRules(plan),
    "",
    ...(routes.some(({ needsName }) => needsName) ? [namelessRule()] : []),
    "    acl routed var(txn.lutra_route) -m found",
    ...routes.flatMap(routeRules),
    "",
    ...refusals,
    refuse(ownAnswers.notRouted, "!routed"),
    ...forwardedRules(),
    ...routes.flatMap(drawShare),
    ...routes.flatMap(useBackend),
  ].join("\n");
}

function refuse({ status, body }: RefuseAction, condition: string): string {
  const answer = `status ${status} content-type application/json string ${quoteHaproxy(body)}`;
  return `    http-request return ${answer} if ${condition}`;
}

function hostRules({ hosts, origins }: ExportPlan): string[] {
  const listed = hosts?.map((host) => `${literal(host, "bytes")}(?::[0-9]+)?`) ?? [".*"];
  return [
    `    acl host_loopback ${regexes("host", [loopbackHost], "-i")}`,
    ...(listed.length > 0 ? [`    acl host_listed ${regexes("host", listed, "-i")}`] : []),
    "    acl has_origin req.fhdr(origin) -m found",
    `    acl origin_loopback ${regexes("origin", [loopbackOrigin], "-i")}`,
    ...(origins.length > 0
      ? [
          `    acl origin_listed ${regexes(
            "origin",
            origins.map((each) => literal(each, "bytes")),
          )}`,
        ]
      : []),
    refuse(ownAnswers.foreignHost, `!host_loopback${listed.length > 0 ? " !host_listed" : ""}`),
    ...["!origin_loopback", "!host_loopback"].map((other) =>
      refuse(
        ownAnswers.foreignOrigin,
        `has_origin ${origins.length > 0 ? "!origin_listed " : ""}${other}`,
      ),
    ),
  ];
}

function metadataRules(plan: ExportPlan): string[] {
  if (!plan.needsMetadata) return [];
  return [
    ...decidingHeaders(plan).map((header) =>
      refuse(ownAnswers.repeated, `{ req.fhdr_cnt(${header}) gt 1 }`),
    ),
    `    acl is_modern ${regexes(headerNames.version, [dateFrom(latestVersion)])}`,
    refuse(ownAnswers.metadata, "!is_modern"),
    refuse(ownAnswers.metadata, `!{ req.fhdr(${headerNames.method}) -m len gt 0 }`),
  ];
}

function regexes(header: string, sources: readonly string[], flag?: "-i"): string {
  const quoted = sources.map((source) => quoteHaproxy(`^(?:${source})$`)).join(" ");
  return ["req.fhdr(", header, ") -m reg ", flag ? `${flag} ` : "", "-- ", quoted].join("");
}

/** Matches methods for which `Mcp-Name` is ignored. */
function namelessRule(): string {
  const methods = namelessMethods.map(quoteHaproxy).join(" ");
  return `    acl nameless req.fhdr(${headerNames.method}) -m str -- ${methods}`;
}

function forwardedRules(): string[] {
  const set = forwardedHeaders({ address: "%[src]", host: "%[req.fhdr(host)]" });
  return [
    "    # Replaces the forwarding headers of the client, because they may be forged.",
    "    http-request del-header x-forwarded- -m beg",
    "    http-request del-header x-real-ip",
    "    http-request del-header forwarded",
    ...Object.entries(set).map(
      ([header, value]) => `    http-request set-header ${header} ${value}`,
    ),
  ];
}

/** Sets a variable to the index of the first route whose conditions all hold. */
function routeRules({ index, conditions, needsName }: PlannedRoute): string[] {
  const names = conditions.map((_, at) => `route${index}_${at}`);
  const when = ["!routed", ...(needsName ? ["!nameless"] : []), ...names].join(" ");
  return [
    ...conditions.flatMap((condition, at) => conditionLines(`route${index}_${at}`, condition)),
    `    http-request set-var(txn.lutra_route) int(${index}) if ${when}`,
  ];
}

/**
 * Maximum number of values in a line, because HAProxy allows 64 words in a line. Further lines with
 * the same ACL name add alternatives.
 */
const maxWords = 32;

function conditionLines(name: string, { header, pattern }: HeaderCondition): string[] {
  const { exact, regexes: sources } = pattern;
  const lines: string[] = [];
  for (let from = 0; from < exact.length; from += maxWords) {
    const values = exact.slice(from, from + maxWords).map(quoteHaproxy);
    lines.push(`    acl ${name} req.fhdr(${header}) -m str -- ${values.join(" ")}`);
  }
  for (const source of sources) lines.push(`    acl ${name} ${regexes(header, [source])}`);
  // A header value never contains NUL, so this condition never holds.
  return lines.length > 0 ? lines : [`    acl ${name} ${regexes(header, ["\\x00"])}`];
}

function isRoute(index: number): string {
  return `{ var(txn.lutra_route) -m int ${index} }`;
}

/** Draws a random number for each request. It selects one of the route's pools by weight. */
function drawShare({ index, action }: PlannedRoute): string[] {
  if (action.kind === "refuse" || action.shares.length < 2) return [];
  const sum = action.shares.reduce((total, { weight }) => total + weight, 0);
  return [`    http-request set-var(txn.lutra_share) rand(${sum}) if ${isRoute(index)}`];
}

function useBackend({ index, action }: PlannedRoute): string[] {
  if (action.kind === "refuse") return [];
  let below = 0;
  return action.shares.map(({ pool, weight }) => {
    below += weight;
    const share = action.shares.length > 1 ? ` { var(txn.lutra_share) -m int lt ${below} }` : "";
    return `    use_backend lutra_${pool} if ${isRoute(index)}${share}`;
  });
}

function backend(pool: Pool): string {
  const { name, servers, authority, path, config } = pool;
  const { connectMs, firstByteMs, idleMs } = config.timeouts;
  const { intervalMs, timeoutMs, failures, slowStartMs } = config.health;
  const balance = {
    "round-robin": "roundrobin",
    "least-in-flight": "leastconn",
    "two-choices": "random(2)",
  }[config.balance];
  const { set, rename, remove } = config.headers ?? defaultHeaders;
  const checked = { host: authority, ...healthCheck.headers };
  const sent = Object.entries({ ...checked, ...set }).map(
    ([header, value]) => `hdr ${quoteHaproxy(header)} ${quoteFormat(value)}`,
  );
  return [
    `backend lutra_${name}`,
    `    balance ${balance}`,
    `    retries ${Math.max(0, config.retries.attempts - 1)}`,
    `    timeout connect ${connectMs}ms`,
    `    timeout server ${Math.max(firstByteMs, idleMs, streamIdleMs)}ms`,
    `    timeout check ${timeoutMs}ms`,
    "    option httpchk",
    `    http-check send meth POST uri ${quoteHaproxy(path)} ver HTTP/1.1 ${sent.join(" ")} body ${quoteHaproxy(healthCheck.body)}`,
    "    http-check expect status 200",
    "    http-reuse safe",
    `    http-request set-header host ${quoteFormat(authority)}`,
    "    http-request del-header origin",
    `    http-request set-pathq ${quoteFormat(path)}`,
    ...remove.map((header) => `    http-request del-header ${quoteHaproxy(header)}`),
    ...Object.entries(rename).flatMap(renameLines),
    ...Object.entries(set).map(
      ([header, value]) =>
        `    http-request set-header ${quoteHaproxy(header)} ${quoteFormat(value)}`,
    ),
    `    default-server inter ${intervalMs}ms fall ${failures} rise 1 slowstart ${slowStartMs}ms pool-purge-delay ${idleConnectionMs}ms`,
    ...servers.map((_, index) => serverLine(pool, index)),
  ].join("\n");
}

function serverLine({ servers, isSecure, hostname }: Pool, index: number): string {
  const { host = "", port = 0 } = servers[index] ?? {};
  return [
    `    server replica${index + 1} ${host}:${port} check`,
    ...(isSecure
      ? [
          `ssl verify required ca-file @system-ca sni str(${hostname}) check-sni ${hostname} verifyhost ${hostname}`,
        ]
      : []),
    ...(isName(host) ? ["resolvers lutra init-addr last,libc,none"] : []),
  ].join(" ");
}

/** Replaces a header by one with another name. */
function renameLines([from, to]: readonly [string, string]): string[] {
  const [source, target] = [quoteHaproxy(from), quoteHaproxy(to)];
  return [
    `    http-request del-header ${target}`,
    `    http-request set-header ${target} %[req.fhdr(${from})] if { req.fhdr(${from}) -m found }`,
    `    http-request del-header ${source}`,
  ];
}
