/** The schema of the two listeners: the endpoint for clients, and the one for operators. */
import { problemWithOrigin, unixAddress } from "lutra/internal";
import { latestVersion, legacyVersions } from "lutra/protocol";
import { z } from "zod";
import { parseAddressRange } from "./address-range.ts";
import { listenTls } from "./schema-tls.ts";
import { count } from "./schema-values.ts";

const addressRange = z
  .string()
  .refine(
    (text) => text === unixAddress || parseAddressRange(text) !== undefined,
    'expected an IP address, a range such as 10.0.0.0/8, or "unix"',
  );

const origin = z.string().superRefine((text, context) => {
  const message = problemWithOrigin(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const allowedHost = z
  .string()
  .regex(
    /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i,
    "expected a host name or address, with or without a port, such as mcp.example.com or [::1]:3000",
  );

/** The address of a listener, and the form of its connections. */
const place = {
  host: z.string().default("127.0.0.1").describe("The address to bind"),
  port: z.int().min(0).max(65_535).default(3000).describe("The port; 0 picks a free one"),
  socket: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The path of a Unix socket to listen on instead of host and port. A file that a dead process has left is replaced",
    ),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'expected permissions in octal digits, such as "660"')
    .optional()
    .describe(
      'The permissions of the Unix socket in octal digits, such as "660". By default, those that the umask leaves',
    ),
  tls: listenTls.optional(),
  http2: z
    .boolean()
    .default(false)
    .describe(
      "True to let clients choose HTTP/2 in the handshake of TLS. Others continue with HTTP/1.1",
    ),
  proxyProtocol: z
    .boolean()
    .default(false)
    .describe(
      "True if every connection begins with a header of the PROXY protocol, version 1 or 2. The address in it replaces that of the connection. Connections that do not come from `trustedProxies`, or begin without the header, are closed",
    ),
};

/** The path of an endpoint. */
export const endpointPath = z
  .string()
  .regex(
    /^\/[!-"$->@-~]*$/,
    'expected a path that begins with "/", without query, fragment, spaces and non-ASCII characters',
  );

export const listen = z
  .strictObject({
    ...place,
    path: endpointPath.default("/mcp").describe("The path of the MCP endpoint"),
    versions: z
      .array(z.enum([latestVersion, ...legacyVersions]))
      .default([latestVersion, ...legacyVersions])
      .refine((list) => list.includes(latestVersion), `expected ${latestVersion} in the list`)
      .describe(
        "Protocol versions of clients. Those of the earlier ones open sessions, which end at the gateway; upstreams receive requests of the current version",
      ),
    page: z
      .boolean()
      .default(true)
      .describe(
        "True to answer GET / with a page for people, which shows what callers without credentials may list; also on the admin listener",
      ),
    allowedHosts: z
      .array(allowedHost)
      .optional()
      .describe(
        "Accepted values of the Host header. By default, connections to a loopback address accept only loopback names and other connections accept any name",
      ),
    allowedOrigins: z
      .array(origin)
      .default([])
      .describe("Origins of web pages that may send requests, in addition to loopback origins"),
    trustedProxies: z
      .array(addressRange)
      .default([])
      .describe(
        "Addresses and ranges (such as 10.0.0.0/8) of proxies in front of the gateway, and `unix` for those that connect over a Unix socket. Their X-Forwarded-For, -Proto and -Host headers are trusted and forwarded; those of other senders are replaced",
      ),
    also: z
      .array(z.strictObject(place))
      .default([])
      .describe("Further addresses to listen on, for the same endpoints with the same rules"),
    maxConnections: count(
      "Maximum number of open connections; further ones are answered with status 503. By default, half of the file descriptors of the process, at most 20000",
    ).optional(),
    maxBodyBytes: count(
      "Maximum size in bytes of a request body that the gateway must parse",
    ).default(4_194_304),
  })
  .describe("The listener for clients");

/** The settings of the console. */
export const consoleSchema = z.strictObject({
  exchanges: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(1000)
    .describe("Number of recent exchanges that are kept in memory"),
  maxBytes: count(
    "Maximum estimated size of these exchanges, in bytes; the oldest are dropped first",
  ).default(4_194_304),
  sandbox: z
    .strictObject({
      port: z.int().min(0).max(65_535).default(0).describe("The port; 0 picks a free one"),
    })
    .default({ port: 0 })
    .describe(
      "The listener for the sandbox in which the console shows apps of servers. It is opened at `admin.host` if that is a loopback address",
    ),
  messages: z
    .enum(["none", "masked", "all"])
    .default("none")
    .describe(
      "The messages that are kept with an exchange. With `masked`, arguments and results are replaced by their types and sizes; with `all`, only secrets are masked. Except with `none`, the gateway reads all requests",
    ),
});

const console = z
  .union([z.literal(false), consoleSchema])
  .describe(
    "The console, a web page for people at /console/, and the exchanges it shows; needs the package @lutra/console. Default: false; `lutra gateway` shows it if the package is installed and `host` is a loopback address",
  );

export const admin = z
  .union([
    z.literal(false),
    z.strictObject({
      host: z.string().default("127.0.0.1").describe("The address to bind"),
      port: z.int().min(0).max(65_535).default(9464).describe("The port; 0 picks a free one"),
      tls: listenTls.optional(),
      console: console.optional(),
    }),
  ])
  .describe("The listener for health, metrics and state; false disables it");
