import fc from "fast-check";
import { coreMethods, encodeHeaderValue } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../config/parse-config.ts";
import type { ConfigInput } from "../config/schema.ts";
import { type ExportTarget, exportConfig, exportTargets } from "./export-config.ts";
import { type Directive, parseHaproxy, parseNginx } from "./fixtures/tokens.ts";

const url = "http://10.0.0.1:3000/mcp";
const upstreams = { atlas: { url, verify: "upstream" as const } };
const write = (config: ConfigInput, target: ExportTarget) =>
  exportConfig(parseConfig({ cache: false, ...config }).config, target);

interface Texts {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
  readonly header: string;
}

const withTexts = ({ name, value, reason, header }: Texts): ConfigInput => ({
  upstreams: { atlas: { ...upstreams.atlas, headers: { "x-key": header } } },
  routes: [
    { match: { name, param: { Region: value } }, to: "atlas" },
    { match: { name: "never" }, deny: reason },
  ],
});
const harmless: Texts = { name: "a", value: "b", reason: "c", header: "d" };

/** Any character. Surrogates, which UTF-8 can't encode, become a letter. */
const anyChar = fc
  .nat({ max: 0x10ffff })
  .map((code) => String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? 0x61 : code));

/** Texts with characters that have a meaning in some format, and any other texts. */
const hostile = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(..."'\"`\\$%;{}#\n\r\t ()[]|^?+.,&<>aä日\u2028\u0000"),
      minLength: 1,
      maxLength: 12,
    }),
    fc.string({ unit: anyChar, minLength: 1, maxLength: 12 }),
  )
  .filter((text) => !text.includes("*"));
const hostileTexts: fc.Arbitrary<Texts> = fc.record({
  name: hostile,
  value: hostile,
  reason: hostile,
  header: fc.string({
    unit: fc.constantFrom(..."'\"`\\$%;{}#()[]|^?+.,&<>a"),
    minLength: 1,
    maxLength: 12,
  }),
});

describe("an export keeps hostile texts inside their quotes", () => {
  const shapeOf = (directives: readonly Directive[]): unknown =>
    directives
      .filter(({ words }) => words[0] !== "geo")
      .map(({ words, block }) => ({
        // The lines of a map begin with their pattern.
        name: words[0]?.startsWith("~") ? "~" : words[0],
        count: words.length,
        block: block && shapeOf(block),
      }));

  it("in nginx", () => {
    const shape = shapeOf(parseNginx(write(withTexts(harmless), "nginx").text));
    fc.assert(
      fc.property(hostileTexts, (texts) => {
        const directives = parseNginx(write(withTexts(texts), "nginx").text);
        expect(shapeOf(directives)).toEqual(shape);

        const routes = directives.find(({ words }) => words[2] === "$lutra_route");
        const line = routes?.block?.find(({ words }) => words[1] === "0")?.words[0] ?? "";
        const regex = new RegExp(line.slice(1));
        const seen = (name: string, value: string) =>
          regex.test(["v", "tools/call", name, value].join("\n"));
        expect(seen(encodeHeaderValue(texts.name), encodeHeaderValue(texts.value))).toBe(true);
        expect(seen("other", encodeHeaderValue(texts.value))).toBe(texts.name === "other");
        expect(seen(encodeHeaderValue(texts.name), "other")).toBe(texts.value === "other");

        const server = directives.find(({ words }) => words[0] === "server");
        const pool = server?.block?.find(({ words }) => words[2] === "/lutra-pool/atlas");
        const header = pool?.block?.find(({ words }) => words[1] === "x-key")?.words[2];
        expect(header?.replaceAll(`$\{lutra_dollar}`, "$")).toBe(texts.header);

        const endpoint = server?.block?.find(({ words }) => words[2] === "/mcp");
        const denial = endpoint?.block?.find(
          ({ words }) => words.join(" ") === "if ($lutra_route = 1)",
        );
        const body = denial?.block?.[0]?.words[2] ?? "";
        expect(body).not.toContain("$");
        expect(JSON.parse(body).error.message).toBe(texts.reason);
      }),
    );
  });

  it("in HAProxy", () => {
    const known = new Set(
      parseHaproxy(write(withTexts(harmless), "haproxy").text).map(([first]) => first),
    );
    fc.assert(
      fc.property(hostileTexts, (texts) => {
        const lines = parseHaproxy(write(withTexts(texts), "haproxy").text);
        expect(lines.filter(([first]) => !known.has(first))).toEqual([]);

        const holds = (acl: string, value: string) =>
          lines
            .filter(([first, name]) => first === "acl" && name === acl)
            .some((words) => {
              const patterns = words.slice(words.indexOf("--") + 1);
              return words.includes("reg")
                ? patterns.some((pattern) => new RegExp(pattern).test(value))
                : patterns.includes(value);
            });
        expect(holds("route0_1", encodeHeaderValue(texts.name))).toBe(true);
        expect(holds("route0_2", encodeHeaderValue(texts.value))).toBe(true);
        expect(holds("route0_1", "other")).toBe(texts.name === "other");

        const header = lines.find((words) => words[1] === "set-header" && words[2] === "x-key");
        expect(header?.[3]).toBe(texts.header.replaceAll("%", "%%"));
        const denial = lines.find(
          (words) =>
            words.join(" ").endsWith("{ var(txn.lutra_route) -m int 1 }") && words[1] === "return",
        );
        expect(JSON.parse(denial?.[7] ?? "").error.message).toBe(texts.reason);
      }),
    );
  });

  it.each([
    ["configuration: listen.host", { listen: { host: "0.0.0.0; evil" } }],
    ["configuration: listen.path", { listen: { path: "/mcp { evil; }" } }],
    ["export: listen.path", { listen: { path: "/mcp{evil;}" } }],
    ["export: listen.port", { listen: { port: 0 } }],
  ])("rejects an unsafe value with %s", (place, change) => {
    for (const target of exportTargets) {
      expect(() => write({ upstreams, ...change }, target)).toThrow(`${place}: expected`);
    }
  });

  it("rejects unsafe hosts and escapes paths of upstreams", () => {
    const at = (address: string) => ({ upstreams: { a: { url: address } } });
    for (const target of exportTargets) {
      expect(() => write(at("http://a;b{}'$c/"), target)).toThrow(
        "export: upstreams.a.url: expected a host",
      );
      const { text } = write(at("http://a.example/x'$y;{z}?q=';$&r=%41"), target);
      expect(text).toContain("/x%27%24y%3B%7Bz%7D?q=%27%3B%24&r=%");
      expect(text).not.toContain("$y");
    }
  });

  it.each(["a'b", "a#b", "a$b", "a|b"])("rejects the header name %s", (name) => {
    const routes = [{ match: { param: { [name]: "x" } }, to: "atlas" }];
    for (const target of ["nginx", "haproxy"] as const) {
      expect(() => write({ upstreams, routes }, target)).toThrow(
        `mcp-param-${name}: expected only letters`,
      );
    }
  });

  it("keeps notes inside comments", () => {
    const { text } = write(
      {
        upstreams,
        routes: [{ match: { name: "a", principal: "x\ny" }, to: "atlas" }, { to: "atlas" }],
      },
      "nginx",
    );
    expect(() => parseNginx(text)).not.toThrow();
  });
});

describe("a feature that a proxy does not have", () => {
  const two = { ...upstreams, wiki: { url, verify: "upstream" as const } };
  const program = { command: ["x"] };
  it.each([
    [
      "merge",
      { upstreams: two },
      "routes[0]: merge needs the body; its requests are refused with 501",
    ],
    [
      "rename",
      { upstreams, routes: [{ match: { name: "a" }, to: "atlas", rename: "b" }] },
      "routes[0]: rename needs the body; its requests are refused with 501",
    ],
    [
      "shadow",
      { upstreams: two, routes: [{ to: "atlas", shadow: { upstream: "wiki" } }] },
      "routes[0].shadow: requests are not copied",
    ],
    ["limits", { upstreams, limits: [{ concurrency: 1 }] }, "limits[0]: the limit is not applied"],
    [
      "trusted proxies",
      { upstreams, listen: { trustedProxies: ["10.0.0.0/8"] } },
      "listen.trustedProxies: no proxy is trusted, so X-Forwarded-* of proxies in front are replaced",
    ],
    ["cache", { upstreams, cache: {} }, "cache: responses are not cached"],
    [
      "principals",
      { upstreams, routes: [{ match: { principal: "a" }, to: "atlas" }, { to: "atlas" }] },
      "routes[0]: left out because callers of this proxy have no principal",
    ],
    ["commands", { upstreams: { program } }, "upstreams.program: a command has no URL"],
    [
      "modules",
      { upstreams: { desk: { module: "./desk.ts" } } },
      "upstreams.desk: a module has no URL",
    ],
    [
      "a share of a command",
      {
        upstreams: { ...upstreams, program },
        routes: [
          {
            to: [
              { upstream: "atlas", weight: 1 },
              { upstream: "program", weight: 1 },
            ],
          },
        ],
      },
      "routes[0].to: the share of program goes to the other upstreams",
    ],
    [
      "replicas with different paths",
      { upstreams: { a: { url: [url, "http://10.0.0.2:3000/other"] } } },
      "upstreams.a.url[1]: left out because its scheme or path differs from the first one",
    ],
    [
      "comparison of headers",
      { upstreams: { a: { url } } },
      'upstreams.a: verify is not "upstream"; make sure that the upstream compares headers with bodies',
    ],
  ] as const)("is listed in the notes and in the file: %s", (_what, config, note) => {
    for (const target of exportTargets) {
      const { notes, text } = write(config as ConfigInput, target);
      expect(notes).toContain(note);
      expect(text).toContain(`# - ${note}`);
    }
  });

  it("makes the export fail if leaving it out would let requests through", () => {
    const routes = [{ match: { principal: "mallory" }, deny: "no" }, { to: "atlas" }];
    for (const target of exportTargets) {
      expect(() => write({ upstreams, routes }, target)).toThrow(
        "routes[0]: expected no deny by principal",
      );
    }
  });

  it("makes the export fail if the gateway verifies callers", () => {
    const auth = { tokens: [{ id: "ana", token: "a".repeat(16) }] };
    for (const target of exportTargets) {
      expect(() => write({ upstreams, auth }, target)).toThrow("auth: expected none");
    }
  });

  it("makes the export fail if it is a rule on the upstreams' own names", () => {
    const routes = [{ match: { upstream: "atlas", tool: "x" }, deny: "no" }, { to: "atlas" }];
    const hidden = { ...upstreams, atlas: { ...upstreams.atlas, tools: { exclude: "x" } } };
    for (const target of exportTargets) {
      expect(() => write({ upstreams, routes }, target)).toThrow(
        "routes[0].match.upstream: expected no condition on the upstream",
      );
      expect(() => write({ upstreams: hidden }, target)).toThrow(
        "upstreams.atlas.tools: expected no selection",
      );
    }
  });

  it("writes a condition on a tool as conditions on the method and the name", () => {
    const written = (match: object) => {
      const routes = [{ match, deny: "no" }, { to: "atlas" }];
      return exportTargets.map((target) => write({ upstreams, routes }, target).text);
    };
    expect(written({ tool: "drop_*" })).toEqual(written({ method: "tools/call", name: "drop_*" }));
  });

  it("makes the export fail if it is a pattern or header name that can't be written", () => {
    const routes = [{ match: { name: "a*b*c*d" }, to: "atlas" }, { to: "atlas" }];
    expect(() => write({ upstreams, routes }, "haproxy")).toThrow(
      "routes[0].match: expected at most 2 stars",
    );
    const param = [{ match: { param: { "a.b": "x" } }, to: "atlas" }, { to: "atlas" }];
    expect(() => write({ upstreams, routes: param }, "nginx")).toThrow(
      "mcp-param-a.b: expected only letters",
    );
  });
});

describe("a policy for headers", () => {
  const of = (headers: object): ConfigInput => ({
    upstreams: { atlas: { url: "http://atlas.example/mcp", headers } },
  });
  const policy = { remove: ["X-Secret"], rename: { "x-user": "x-caller" } };

  it("is applied by nginx", () => {
    const { text } = write(of(policy), "nginx");
    expect(text).toContain(`proxy_set_header 'x-secret' "";`);
    expect(text).toContain(`proxy_set_header 'x-user' "";`);
    expect(text).toContain("proxy_set_header 'x-caller' $http_x_user;");
  });

  it("is applied by HAProxy", () => {
    const { text } = write(of(policy), "haproxy");
    const lines = text.split("\n").map((line) => line.trim().replaceAll("'", ""));
    const own = lines.filter((line) => /x-(?:secret|user|caller)/.test(line));
    expect(own).toEqual([
      "http-request del-header x-secret",
      "http-request del-header x-caller",
      "http-request set-header x-caller %[req.fhdr(x-user)] if { req.fhdr(x-user) -m found }",
      "http-request del-header x-user",
    ]);
  });

  it("is applied by Envoy, which removes headers but can't rename them", () => {
    const removed = { remove: ["x-secret", "x-forwarded-for"] };
    const { text } = write(of(removed), "envoy");
    expect(text).toContain("- x-secret");
    expect(text).not.toContain("key: x-forwarded-for");
    expect(() => write(of(policy), "envoy")).toThrow(
      "upstreams.atlas.headers.rename: expected no renamed headers",
    );
  });

  it.each(["nginx", "haproxy", "envoy"] as const)("with a list is refused for %s", (target) => {
    expect(() => write(of({ forward: ["x-tenant"] }), target)).toThrow(
      'upstreams.atlas.headers.forward: expected "all"',
    );
  });

  it("for an upstream that needs tokens is refused, because no proxy would obtain them", () => {
    const credentials = { issuer: "https://login.example", clientId: "a", clientSecret: "b" };
    const auth = { grant: "client-credentials" as const, ...credentials };
    const upstreams = { a: { url: "http://a.example/mcp", auth } };
    expect(() => write({ upstreams }, "nginx")).toThrow("upstreams.a.auth: expected none");
  });

  it("beside a guard is refused, because no proxy would ask the guard", () => {
    const guarded = { ...of(policy), guard: { url: "http://guard.example/" } };
    expect(() => write(guarded, "nginx")).toThrow("guard: expected none");
  });

  it("with a name that a proxy would interpret is refused", () => {
    const odd = of({ rename: { "x-a": "x`b" } });
    expect(() => write(odd, "haproxy")).toThrow(
      "upstreams.atlas.headers.rename: expected names of",
    );
  });
});

it("states in the file for nginx that nginx has no health checks", () => {
  expect(write({ upstreams }, "nginx").text).toContain("# - health: nginx does not check replicas");
});

it("splits long lists into lines that nginx can read", () => {
  const names = Array.from({ length: 400 }, (_, index) => `tool_with_a_long_name_${index}`);
  const { text } = write({ upstreams, routes: [{ match: { name: names }, to: "atlas" }] }, "nginx");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(4096);
  const routes = parseNginx(text).find(({ words }) => words[2] === "$lutra_route");
  const regexes =
    routes?.block?.flatMap(({ words }) =>
      words[1] === "0" ? [new RegExp(words[0]?.slice(1) ?? "")] : [],
    ) ?? [];
  expect(names.every((name) => regexes.some((regex) => regex.test(`v\nm\n${name}`)))).toBe(true);
});

describe("the configuration for Envoy", () => {
  const config: ConfigInput = {
    listen: { host: "::1", port: 8080 },
    upstreams: {
      atlas: {
        url: ["https://a.example/x", "https://b.example/x"],
        balance: "two-choices",
        headers: { "x-key": "50%" },
      },
      wiki: { url: "http://10.0.0.1:3000/x" },
    },
    routes: [
      { match: { method: "tools/call", name: "na ïve*" }, deny: "no" },
      {
        match: { method: "tools/call" },
        to: [
          { upstream: "atlas", weight: 3 },
          { upstream: "wiki", weight: 1 },
        ],
      },
      { to: "wiki" },
    ],
  };
  const { static_resources } = parse(write(config, "envoy").text);
  const [listener] = static_resources.listeners;
  const manager = listener.filter_chains[0].filters[0].typed_config;
  const { routes } = manager.route_config.virtual_hosts[0];
  const statusOf = (route: { direct_response?: { status: number } }) =>
    route.direct_response?.status;

  it("matches a name only for methods that may have one", () => {
    const named: ConfigInput = { upstreams, routes: [{ match: { name: "a" }, to: "atlas" }] };
    const text = write(named, "envoy").text;
    const [{ filter_chains }] = parse(text).static_resources.listeners;
    const [host] = filter_chains[0].filters[0].typed_config.route_config.virtual_hosts;
    const route = host.routes.find((one: { route?: object }) => one.route !== undefined);
    const [name, method] = route.match.headers;
    expect(name).toMatchObject({ name: "mcp-name" });
    expect(method).toMatchObject({ name: "mcp-method", invert_match: true });
    const nameless = new RegExp(`^(?:${method.string_match.safe_regex.regex})$`);
    for (const { name, nameField } of coreMethods) {
      expect([name, nameless.test(name)]).toEqual([name, nameField === undefined]);
    }
    expect(nameless.test("tools/new")).toBe(false);
  });

  it("replaces forwarding headers, with precedence for the headers of an upstream", () => {
    const own = { "X-Forwarded-Proto": "https", "x-key": "50%" };
    const config: ConfigInput = { upstreams: { atlas: { url, headers: own } } };
    const [{ filter_chains }] = parse(write(config, "envoy").text).static_resources.listeners;
    const manager = filter_chains[0].filters[0].typed_config;
    const [host] = manager.route_config.virtual_hosts;
    const route = host.routes.find((one: { route?: object }) => one.route !== undefined);
    expect(manager.use_remote_address).toBe(true);
    expect(route.request_headers_to_remove).toEqual(
      expect.arrayContaining(["origin", "forwarded", "x-real-ip", "x-forwarded-port"]),
    );
    const added = route.request_headers_to_add as {
      header: { key: string; value: string };
      append_action: string;
    }[];
    expect(new Set(added.map((one) => one.append_action))).toEqual(
      new Set(["OVERWRITE_IF_EXISTS_OR_ADD"]),
    );
    expect(added.map(({ header }) => [header.key, header.value])).toEqual([
      ["x-forwarded-for", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"],
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "%REQ(:AUTHORITY)%"],
      ["x-key", "50%%"],
    ]);
  });

  it("has the endpoint and its routes in order, after all refusals", () => {
    expect(listener.address).toEqual({ socket_address: { address: "::1", port_value: 8080 } });
    expect(routes.map(statusOf)).toEqual([
      403,
      403,
      403,
      405,
      400,
      400,
      400,
      403,
      undefined,
      undefined,
      404,
      404,
    ]);
    expect(
      routes.every(({ match }: { match: object }) => "path" in match || "prefix" in match),
    ).toBe(true);
  });

  it("matches whole headers in both encodings", () => {
    const [method, name] = routes[7].match.headers;
    expect(method).toEqual({ name: "mcp-method", string_match: { exact: "tools/call" } });
    // RE2 writes characters as \x{e9}, JavaScript as \u{e9}.
    const source = name.string_match.safe_regex.regex.replaceAll("\\x{", "\\u{");
    const regex = new RegExp(`^(?:${source})$`, "u");
    expect(regex.test("na ïve tool")).toBe(true);
    expect(regex.test(encodeHeaderValue("na ïve tool"))).toBe(true);
    expect(regex.test(encodeHeaderValue("naïve tool"))).toBe(false);
  });

  it("splits by weight, and retries only requests that were not sent", () => {
    const { route } = routes[8];
    expect(route.weighted_clusters.clusters).toMatchObject([
      {
        name: "lutra_atlas",
        weight: 3,
        host_rewrite_literal: "a.example",
        request_headers_to_add: [
          { header: { key: "x-forwarded-for" } },
          { header: { key: "x-forwarded-proto" } },
          { header: { key: "x-forwarded-host" } },
          { header: { key: "x-key", value: "50%%" } },
        ],
      },
      { name: "lutra_wiki", weight: 1 },
    ]);
    expect(route).toMatchObject({ timeout: "0s", retry_policy: { retry_on: "connect-failure" } });
  });

  it("rejects a route that is split over two paths", () => {
    const two = { atlas: { url }, wiki: { url: "http://10.0.0.1:3000/x" } };
    const to = Object.keys(two).map((upstream) => ({ upstream, weight: 1 }));
    expect(() => write({ upstreams: two, routes: [{ to }] }, "envoy")).toThrow(
      "routes[0].to: expected upstreams with the same path",
    );
  });

  it("checks the health of replicas with server/discover", () => {
    const [atlas] = static_resources.clusters;
    expect(atlas).toMatchObject({
      name: "lutra_atlas",
      lb_policy: "LEAST_REQUEST",
      least_request_lb_config: { choice_count: 2 },
      health_checks: [{ http_health_check: { method: "POST", path: "/x", host: "a.example" } }],
      transport_socket: { typed_config: { sni: "a.example" } },
    });
    const [check] = atlas.health_checks;
    const body = JSON.parse(Buffer.from(check.http_health_check.send.text, "hex").toString());
    expect(body.method).toBe("server/discover");
    expect(atlas.load_assignment.endpoints[0].lb_endpoints).toHaveLength(2);
  });
});
