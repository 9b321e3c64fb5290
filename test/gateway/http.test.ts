/** The endpoint as an attacker meets it: nothing of what is refused may reach an upstream. */
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { beforeAll, describe, expect, it } from "vitest";
import { callBody, callLines, lengthOf, requestOf, sendRaw, version } from "./raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

/** Part of the head and the body of every request that must not arrive. */
const canary = "canary";
const canaryLine = `X-Trace: ${canary}`;
const body = callBody("echo", { text: canary });
const right = [...callLines("echo"), canaryLine];

let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await startRecordingUpstream("recording");
  return () => upstream.close();
});

/** The settings that differ between the ways of a request through the gateway. */
const ways = {
  "bodies that pass unread": { upstream: { verify: "upstream" } },
  "bodies that are read": { upstream: { verify: "gateway" } },
  "routes by name": {
    upstream: { verify: "upstream" },
    routes: [{ match: { name: ["echo", "locate"] }, to: "only" }, { deny: "not this one" }],
  },
} as const;

function configOf(way: keyof typeof ways): ConfigInput {
  const { upstream: settings, ...more } = ways[way];
  return structuredClone({
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: { only: { url: upstream.url, ...settings } },
    ...more,
  }) as unknown as ConfigInput;
}

describe.each(Object.keys(ways) as (keyof typeof ways)[])("a gateway with %s", (way) => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(configOf(way));
    return () => gateway.close();
  });

  /** Sends, and expects one refusal with a status of the client's fault, unseen by the upstream. */
  async function expectRefusal(bytes: string, statuses: readonly number[]): Promise<string> {
    const before = upstream.received().length;
    const callsBefore = upstream.calls.length;
    const answer = await sendRaw(gateway.url, bytes);
    expect(answer.statuses, answer.text).toHaveLength(1);
    expect(statuses, answer.text).toContain(answer.statuses[0]);
    expect(upstream.received().slice(before)).not.toContain(canary);
    expect(upstream.calls.length).toBe(callsBefore);
    return answer.text;
  }

  it("answers a right request, which reaches the upstream", async () => {
    const before = upstream.received().length;
    const answer = await sendRaw(gateway.url, requestOf([...right, lengthOf(body)], body));
    expect(answer.statuses).toEqual([200]);
    expect(answer.text).toContain(`recording: ${canary}`);
    expect(upstream.received().slice(before)).toContain(canary);
  });

  const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;

  it("answers a right request in chunks", async () => {
    const bytes = requestOf([...right, "Transfer-Encoding: chunked"], chunked);
    expect((await sendRaw(gateway.url, bytes)).statuses).toEqual([200]);
  });

  describe("refuses heads from which two readers could take different bodies", () => {
    const smuggled = `POST /mcp HTTP/1.1\r\n${right.join("\r\n")}\r\n${lengthOf(body)}\r\n\r\n${body}`;

    it.each([
      ["Content-Length with Transfer-Encoding", [lengthOf(body), "Transfer-Encoding: chunked"]],
      [
        "Transfer-Encoding with Content-Length",
        ["Transfer-Encoding: chunked", "Content-Length: 4"],
      ],
      ["two Content-Lengths", [lengthOf(body), "Content-Length: 1"]],
      ["the same Content-Length twice", [lengthOf(body), lengthOf(body)]],
      ["a list as Content-Length", [`${lengthOf(body)}, 1`]],
      ["a signed Content-Length", [lengthOf(body).replace(": ", ": +")]],
      ["a hexadecimal Content-Length", ["Content-Length: 0x10"]],
      ["an empty Content-Length", ["Content-Length: "]],
      ["a negative Content-Length", ["Content-Length: -1"]],
      ["a Content-Length beyond all bounds", ["Content-Length: 99999999999999999999"]],
      ["a Transfer-Encoding that is none", ["Transfer-Encoding: xchunked"]],
      ["chunked not last", ["Transfer-Encoding: chunked, identity"]],
      ["Transfer-Encoding twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]],
      ["a hidden Transfer-Encoding", ["Transfer-Encoding : chunked"]],
      ["a folded Transfer-Encoding", ["Transfer-Encoding:\r\n chunked", lengthOf(body)]],
      ["a Transfer-Encoding after a bare LF", [`X-A: b\nTransfer-Encoding: chunked`]],
      ["a Transfer-Encoding after a bare CR", [`X-A: b\rTransfer-Encoding: chunked`]],
    ])("%s", async (_what, framing) => {
      await expectRefusal(`${requestOf([...right, ...framing], chunked)}${smuggled}`, [400, 501]);
    });
  });

  describe("refuses heads that are not valid HTTP", () => {
    it.each([
      ["a bare LF after a line", (head: string) => head.replace(/\r\n(?=Mcp-Name)/, "\n")],
      ["bare LFs only", (head: string) => head.replaceAll("\r\n", "\n")],
      ["a bare CR in a value", (head: string) => head.replace("echo", "ec\rho")],
      ["a bare CR after a line", (head: string) => head.replace(/\r\n(?=Mcp-Name)/, "\r")],
      ["a folded value", (head: string) => head.replace("Mcp-Name: echo", "Mcp-Name:\r\n echo")],
      ["a value folded with a tab", (head: string) => head.replace("echo", "e\r\n\tcho")],
      ["a space before the colon", (head: string) => head.replace("Mcp-Name:", "Mcp-Name :")],
      ["a space in a name", (head: string) => head.replace("Mcp-Name:", "Mcp Name:")],
      ["a space before a name", (head: string) => head.replace("Host:", " Host:")],
      ["a name that is empty", (head: string) => head.replace("Mcp-Name:", ":")],
      ["a line without a colon", (head: string) => head.replace("Mcp-Name:", "Mcp-Name")],
      ["a NUL in a value", (head: string) => head.replace("echo", "ec\0ho")],
      ["a control character in a name", (head: string) => head.replace("Mcp-Name", "Mcp\x01Name")],
      ["an unknown version of HTTP", (head: string) => head.replace("HTTP/1.1", "HTTP/9.9")],
      ["no Host", (head: string) => head.replace("Host: 127.0.0.1\r\n", "")],
      ["two Hosts", (head: string) => head.replace("Host:", "Host: 127.0.0.1\r\nHost:")],
    ])("%s", async (_what, spoil) => {
      const [head = ""] = requestOf([...right, lengthOf(body)], "").split("\r\n\r\n");
      await expectRefusal(`${spoil(head)}\r\n\r\n${body}`, [400, 403, 505]);
    });

    it("a head without end", async () => {
      const long = `X-Long: ${"x".repeat(200_000)}`;
      await expectRefusal(requestOf([...right, long, lengthOf(body)], body), [431]);
      const many = Array.from({ length: 20_000 }, (_, index) => `X-${index}: 1`);
      await expectRefusal(requestOf([...right, ...many, lengthOf(body)], body), [431]);
    });
  });

  // The head of such a request is right, and may have been passed on when its body goes wrong.
  describe("makes no call whose chunks are invalid", () => {
    const size = Buffer.byteLength(body).toString(16);
    it.each([
      ["a size that is not a number", `xyz\r\n${body}\r\n0\r\n\r\n`],
      ["a negative size", `-${size}\r\n${body}\r\n0\r\n\r\n`],
      ["a size with a prefix", `0x${size}\r\n${body}\r\n0\r\n\r\n`],
      ["a size with a space before", ` ${size}\r\n${body}\r\n0\r\n\r\n`],
      ["an empty size", `\r\n${body}\r\n0\r\n\r\n`],
      ["a size beyond all bounds", `ffffffffffffffffff\r\n${body}\r\n0\r\n\r\n`],
      ["more than the size says", `${size}\r\n${body}more\r\n0\r\n\r\n`],
      ["no line end after a chunk", `${size}\r\n${body}0\r\n\r\n`],
      ["a bare CR after a size", `${size}\r${body}\r\n0\r\n\r\n`],
    ])("%s", async (_what, chunks) => {
      const callsBefore = upstream.calls.length;
      const bytes = requestOf([...right, "Transfer-Encoding: chunked"], chunks);
      const { statuses, text } = await sendRaw(gateway.url, bytes);
      for (const status of statuses) expect(status, text).toBe(400);
      expect(statuses.length, text).toBeLessThanOrEqual(1);
      expect(upstream.calls.length).toBe(callsBefore);
    });
  });

  describe("refuses metadata that says two things", () => {
    it.each([
      ["Mcp-Method twice", "Mcp-Method: tools/list"],
      ["Mcp-Name twice", "Mcp-Name: who"],
      ["MCP-Protocol-Version twice", "MCP-Protocol-Version: 2025-11-25"],
      ["the same Mcp-Method twice", "Mcp-Method: tools/call"],
      ["the same Mcp-Name twice", "mcp-name: echo"],
      ["the same MCP-Protocol-Version twice", `mcp-protocol-version: ${version}`],
      ["Mcp-Param twice", "Mcp-Param-Country: AT\r\nmcp-param-country: DE"],
      ["the same Mcp-Param twice", "Mcp-Param-Country: AT\r\nMcp-Param-Country: AT"],
      ["Authorization twice", "Authorization: Bearer a\r\nauthorization: Bearer b"],
      ["Mcp-Name that goes no further", "Connection: Mcp-Name"],
      ["all metadata goes no further", "Connection: mcp-protocol-version, mcp-method, mcp-name"],
    ])("%s", async (_what, line) => {
      await expectRefusal(requestOf([...right, line, lengthOf(body)], body), [400]);
    });
  });

  describe("refuses what no client of it sends", () => {
    const replaced = (from: string, to: string) => [
      ...right.map((line) => line.replace(from, to)),
      lengthOf(body),
    ];

    it("a foreign Host", async () => {
      for (const host of [
        "evil.example.com",
        "127.0.0.1.evil.example.com",
        "evil.example.com:80",
      ]) {
        await expectRefusal(requestOf(replaced("Host: 127.0.0.1", `Host: ${host}`), body), [403]);
      }
    });

    it("a foreign Origin", async () => {
      for (const origin of ["https://evil.example.com", "null", "http://localhost.evil.example"]) {
        const lines = [...right, `Origin: ${origin}`, lengthOf(body)];
        await expectRefusal(requestOf(lines, body), [403]);
      }
    });

    it.each(["GET", "PUT", "DELETE", "PATCH"])("the HTTP method %s", async (method) => {
      const bytes = requestOf([...right, lengthOf(body)], body, { method });
      expect((await expectRefusal(bytes, [405])).toLowerCase()).toContain("\r\nallow: post");
    });

    it("another path", async () => {
      for (const path of ["/", "/mcp/", "/mcp/../mcp", "/MCP", "//mcp"]) {
        await expectRefusal(requestOf([...right, lengthOf(body)], body, { path }), [400, 404]);
      }
    });

    it("another media type", async () => {
      for (const type of ["text/plain", "application/jsonp", "application/x-www-form-urlencoded"]) {
        const lines = replaced("Content-Type: application/json", `Content-Type: ${type}`);
        await expectRefusal(requestOf(lines, body), [415]);
      }
      await expectRefusal(
        requestOf(replaced("Content-Type: application/json", "X-None: 1"), body),
        [415],
      );
    });
  });
});

describe("a gateway with a rule on headers", () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await startGateway(configOf("routes by name"));
    return () => gateway.close();
  });

  async function send(lines: readonly string[], text: string) {
    const callsBefore = upstream.calls.length;
    const { statuses, text: answer } = await sendRaw(
      gateway.url,
      requestOf([...lines, lengthOf(text)], text),
    );
    return { status: statuses[0], answer, calls: upstream.calls.slice(callsBefore) };
  }

  // A policy must not be guessed: servers of older versions do not compare headers with bodies.
  it.each([
    ["no MCP-Protocol-Version", undefined],
    ["an older MCP-Protocol-Version", "2025-11-25"],
    ["an unknown MCP-Protocol-Version", "1900-01-01"],
    ["an empty MCP-Protocol-Version", ""],
  ])("answers 400 to %s", async (_what, value) => {
    const lines = right.filter((line) => !line.startsWith("MCP-Protocol-Version"));
    const { status, calls } = await send(
      value === undefined ? lines : [...lines, `MCP-Protocol-Version: ${value}`],
      body,
    );
    expect([status, calls]).toEqual([400, []]);
  });

  it("answers 400 where Mcp-Method is missing, or Mcp-Name is malformed", async () => {
    const withoutMethod = right.filter((line) => !line.startsWith("Mcp-Method"));
    expect(await send(withoutMethod, body)).toMatchObject({ status: 400, calls: [] });
    const malformed = right.map((line) => line.replace("Mcp-Name: echo", "Mcp-Name: =?base64?%?="));
    expect(await send(malformed, body)).toMatchObject({ status: 400, calls: [] });
  });

  it("lets nothing without the name pass that its rules are about", async () => {
    const { status, calls } = await send(
      right.filter((line) => !line.startsWith("Mcp-Name")),
      body,
    );
    // It is malformed, and it is denied by the last rule.
    expect([400, 403]).toContain(status);
    expect(calls).toEqual([]);
  });

  it("reads a name in whatever way it is written", async () => {
    const encoded = `=?base64?${Buffer.from("echo").toString("base64")}?=`;
    const lines = [...callLines(encoded), canaryLine];
    expect(await send(lines, body)).toMatchObject({ status: 200, calls: ["echo"] });
    const denied = `=?base64?${Buffer.from("who").toString("base64")}?=`;
    const refused = await send([...callLines(denied)], callBody("who"));
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    expect(refused.answer).toContain("not this one");
    expect(refused.calls).toEqual([]);
  });

  it("lets no body through that says something else than the headers", async () => {
    const { status, answer, calls } = await send(right, callBody("who"));
    expect([status, calls]).toEqual([400, []]);
    expect(answer).toContain("-32020");
  });
});

it("compares headers with bodies itself where an upstream may not", async () => {
  const gateway = await startGateway(configOf("bodies that are read"));
  const received = upstream.received().length;
  const text = callBody("who", { text: canary });
  const { statuses, text: answer } = await sendRaw(
    gateway.url,
    requestOf([...right, lengthOf(text)], text),
  );
  await gateway.close();
  expect([statuses, answer.includes("-32020")]).toEqual([[400], true]);
  expect(upstream.received().slice(received)).not.toContain(canary);
});

it("reads no body beyond its limit", async () => {
  const gateway = await startGateway({
    ...configOf("bodies that are read"),
    listen: { port: 0, maxBodyBytes: 10_000 },
  });
  const calls = upstream.calls.length;
  const text = callBody("echo", { text: "x".repeat(20_000) });
  const { statuses } = await sendRaw(gateway.url, requestOf([...right, lengthOf(text)], text));
  const size = Buffer.byteLength(text).toString(16);
  const inChunks = await sendRaw(
    gateway.url,
    requestOf([...right, "Transfer-Encoding: chunked"], `${size}\r\n${text}\r\n0\r\n\r\n`),
  );
  await gateway.close();
  expect([statuses, inChunks.statuses]).toEqual([[413], [413]]);
  expect(upstream.calls.length).toBe(calls);
});

it("passes on what it does not know, untouched", async () => {
  const gateway = await startGateway(configOf("bodies that pass unread"));
  const before = upstream.received().length;
  const lines = [...right, "Mcp-Param-Unheard-Of: Wert", "X-Custom: 1, 2", lengthOf(body)];
  const { statuses } = await sendRaw(gateway.url, requestOf(lines, body));
  await gateway.close();
  expect(statuses).toEqual([200]);
  const seen = upstream.received().slice(before).toLowerCase();
  expect(seen).toContain("mcp-param-unheard-of: wert");
  expect(seen).toContain("x-custom: 1, 2");
});
