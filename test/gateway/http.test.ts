/** Malformed and malicious HTTP requests. No part of a refused request may reach an upstream. */
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { beforeAll, describe, expect, it } from "vitest";
import { callBody, callLines, lengthOf, requestOf, sendRaw, version } from "./raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

/** A text in the head and the body of each request that must not reach an upstream. */
const canary = "canary";
const canaryLine = `X-Trace: ${canary}`;
const body = callBody("echo", { text: canary });
const right = [...callLines("echo"), canaryLine];

let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await startRecordingUpstream("recording");
  return () => upstream.close();
});

/** The configurations under test, which process requests differently. */
const ways = {
  "unread bodies": { upstream: { verify: "upstream" } },
  "parsed bodies": { upstream: { verify: "gateway" } },
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

  /** Expects one refusal with one of the statuses, and no request at the upstream. */
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

  it("forwards a valid request to the upstream", async () => {
    const before = upstream.received().length;
    const answer = await sendRaw(gateway.url, requestOf([...right, lengthOf(body)], body));
    expect(answer.statuses).toEqual([200]);
    expect(answer.text).toContain(`recording: ${canary}`);
    expect(upstream.received().slice(before)).toContain(canary);
  });

  const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;

  it("forwards a valid chunked request", async () => {
    const bytes = requestOf([...right, "Transfer-Encoding: chunked"], chunked);
    expect((await sendRaw(gateway.url, bytes)).statuses).toEqual([200]);
  });

  describe("refuses a head with ambiguous framing of the body:", () => {
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
      ["a Content-Length that is too large", ["Content-Length: 99999999999999999999"]],
      ["an unknown Transfer-Encoding", ["Transfer-Encoding: xchunked"]],
      ["chunked not last", ["Transfer-Encoding: chunked, identity"]],
      ["Transfer-Encoding twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]],
      ["a Transfer-Encoding with a space before the colon", ["Transfer-Encoding : chunked"]],
      ["a folded Transfer-Encoding", ["Transfer-Encoding:\r\n chunked", lengthOf(body)]],
      ["a Transfer-Encoding after a bare LF", [`X-A: b\nTransfer-Encoding: chunked`]],
      ["a Transfer-Encoding after a bare CR", [`X-A: b\rTransfer-Encoding: chunked`]],
    ])("%s", async (_what, framing) => {
      await expectRefusal(`${requestOf([...right, ...framing], chunked)}${smuggled}`, [400, 501]);
    });
  });

  describe("refuses a malformed head:", () => {
    it.each([
      ["a bare LF after a line", (head: string) => head.replace(/\r\n(?=Mcp-Name)/, "\n")],
      ["bare LFs only", (head: string) => head.replaceAll("\r\n", "\n")],
      ["a bare CR in a value", (head: string) => head.replace("echo", "ec\rho")],
      ["a bare CR after a line", (head: string) => head.replace(/\r\n(?=Mcp-Name)/, "\r")],
      ["a folded value", (head: string) => head.replace("Mcp-Name: echo", "Mcp-Name:\r\n echo")],
      ["a value folded with a tab", (head: string) => head.replace("echo", "e\r\n\tcho")],
      ["a space before the colon", (head: string) => head.replace("Mcp-Name:", "Mcp-Name :")],
      ["a space in a header name", (head: string) => head.replace("Mcp-Name:", "Mcp Name:")],
      ["a space before a header name", (head: string) => head.replace("Host:", " Host:")],
      ["an empty header name", (head: string) => head.replace("Mcp-Name:", ":")],
      ["a line without a colon", (head: string) => head.replace("Mcp-Name:", "Mcp-Name")],
      ["a NUL in a value", (head: string) => head.replace("echo", "ec\0ho")],
      [
        "a control character in a header name",
        (head: string) => head.replace("Mcp-Name", "Mcp\x01Name"),
      ],
      ["an unknown HTTP version", (head: string) => head.replace("HTTP/1.1", "HTTP/9.9")],
      ["no Host", (head: string) => head.replace("Host: 127.0.0.1\r\n", "")],
      ["two Hosts", (head: string) => head.replace("Host:", "Host: 127.0.0.1\r\nHost:")],
    ])("%s", async (_what, spoil) => {
      const [head = ""] = requestOf([...right, lengthOf(body)], "").split("\r\n\r\n");
      await expectRefusal(`${spoil(head)}\r\n\r\n${body}`, [400, 403, 505]);
    });

    it("an endless head", async () => {
      const long = `X-Long: ${"x".repeat(200_000)}`;
      await expectRefusal(requestOf([...right, long, lengthOf(body)], body), [431]);
      const many = Array.from({ length: 20_000 }, (_, index) => `X-${index}: 1`);
      await expectRefusal(requestOf([...right, ...many, lengthOf(body)], body), [431]);
    });
  });

  // The head of such a request is valid, and may be forwarded before the body proves invalid.
  describe("does not execute a call with malformed chunks:", () => {
    const size = Buffer.byteLength(body).toString(16);
    it.each([
      ["a size that is not a number", `xyz\r\n${body}\r\n0\r\n\r\n`],
      ["a negative size", `-${size}\r\n${body}\r\n0\r\n\r\n`],
      ["a size with a prefix", `0x${size}\r\n${body}\r\n0\r\n\r\n`],
      ["a size after a space", ` ${size}\r\n${body}\r\n0\r\n\r\n`],
      ["an empty size", `\r\n${body}\r\n0\r\n\r\n`],
      ["a size that is too large", `ffffffffffffffffff\r\n${body}\r\n0\r\n\r\n`],
      ["more bytes than the size", `${size}\r\n${body}more\r\n0\r\n\r\n`],
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

  describe("refuses contradictory metadata:", () => {
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
      ["all metadata in Connection", "Connection: mcp-protocol-version, mcp-method, mcp-name"],
    ])("%s", async (_what, line) => {
      await expectRefusal(requestOf([...right, line, lengthOf(body)], body), [400]);
    });
  });

  describe("refuses a request with", () => {
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
        const request = requestOf(replaced("Host: 127.0.0.1", `Host: ${host}`), body);
        const text = await expectRefusal(request, [403]);
        expect(text).toContain(`Host ${host}: not allowed; list it in allowedHosts`);
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

describe("a gateway with routes by name", () => {
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

  // Servers of older versions do not compare headers with bodies, so headers prove nothing there.
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

  it("answers 400 if Mcp-Method is missing or Mcp-Name is malformed", async () => {
    const withoutMethod = right.filter((line) => !line.startsWith("Mcp-Method"));
    expect(await send(withoutMethod, body)).toMatchObject({ status: 400, calls: [] });
    const malformed = right.map((line) => line.replace("Mcp-Name: echo", "Mcp-Name: =?base64?%?="));
    expect(await send(malformed, body)).toMatchObject({ status: 400, calls: [] });
  });

  it("refuses a call without Mcp-Name", async () => {
    const { status, calls } = await send(
      right.filter((line) => !line.startsWith("Mcp-Name")),
      body,
    );
    // The request is malformed, and the last route also denies it.
    expect([400, 403]).toContain(status);
    expect(calls).toEqual([]);
  });

  it("matches plain names and names in Base64", async () => {
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

  it("does not execute a call whose body contradicts the headers", async () => {
    const { status, answer, calls } = await send(right, callBody("who"));
    expect([status, calls]).toEqual([400, []]);
    expect(answer).toContain("-32020");
  });
});

it("a gateway that parses bodies compares them with the headers", async () => {
  const gateway = await startGateway(configOf("parsed bodies"));
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

it("a gateway reads no body beyond maxBodyBytes", async () => {
  const gateway = await startGateway({
    ...configOf("parsed bodies"),
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

it("a gateway passes on unknown headers unchanged", async () => {
  const gateway = await startGateway(configOf("unread bodies"));
  const before = upstream.received().length;
  const lines = [...right, "Mcp-Param-Unheard-Of: Wert", "X-Custom: 1, 2", lengthOf(body)];
  const { statuses } = await sendRaw(gateway.url, requestOf(lines, body));
  await gateway.close();
  expect(statuses).toEqual([200]);
  const seen = upstream.received().slice(before).toLowerCase();
  expect(seen).toContain("mcp-param-unheard-of: wert");
  expect(seen).toContain("x-custom: 1, 2");
});
