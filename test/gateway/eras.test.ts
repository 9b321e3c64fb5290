/** The era report of a gateway, and the command that shows it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigInput, type EraReport, type Gateway, startGateway } from "@lutra/gateway";
import { createClient } from "lutra/client";
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runLutra } from "../cli/run-lutra.ts";
import { openSession } from "../legacy/wire.ts";
import { writeConfig } from "./config-file.ts";
import { startGatewayCommand } from "./start-gateway.ts";

const tools = [
  defineTool({ name: "echo", call: () => "echo" }),
  defineTool({
    name: "where",
    call: async (_args, context) => {
      await context.log("info", "asking");
      return String((await context.roots("where")).length);
    },
  }),
  defineTool({
    name: "think",
    call: async (_args, context) => {
      const { content } = await context.sample("text", {
        messages: [{ role: "user", content: { type: "text", text: "?" } }],
        maxTokens: 10,
        includeContext: "thisServer",
      });
      return JSON.stringify(content);
    },
  }),
];

let url = "";
beforeAll(async () => {
  const server = createServer({ name: "places", version: "1.0.0", logging: true, tools });
  const endpoint = await serveHttp(server, { port: 0 });
  url = endpoint.url;
  return endpoint.close;
});

const running: Gateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

async function gatewayOf(
  verify: "gateway" | "upstream" = "gateway",
  switchedOff: ConfigInput["switchedOff"] = [],
): Promise<Gateway> {
  const gateway = await startGateway({
    listen: { port: 0 },
    admin: { port: 0 },
    log: false,
    cache: false,
    drainMs: 500,
    switchedOff,
    upstreams: { places: { url, verify } },
  });
  running.push(gateway);
  await gateway.ready();
  return gateway;
}

async function readReport({ adminUrl }: Pick<Gateway, "adminUrl">, query = ""): Promise<EraReport> {
  const response = await fetch(`${adminUrl}/eras${query}`);
  return (await response.json()) as EraReport;
}

const info = { name: "modern app", version: "3.1.0" };
const rootsOf = () => ({ roots: [{ uri: "file:///a" }] });
const answer = ({ method }: { readonly method?: string | undefined }) =>
  method === "roots/list"
    ? { result: rootsOf() }
    : {
        result: { role: "assistant", content: { type: "text", text: "4" }, model: "m" },
      };

describe("the era report", () => {
  it("counts modern clients with the deprecated features that they use", async () => {
    const gateway = await gatewayOf();
    const client = createClient(gateway.url, {
      clientInfo: info,
      onRoots: () => [{ uri: "file:///a" }],
    });
    await client.callTool("where", {});
    await client.close();
    const { rows, versions } = await readReport(gateway);
    expect(versions[0]).toBe("2026-07-28");
    const row = rows.find(({ client: name }) => name === "modern app");
    expect(row).toMatchObject({
      clientVersion: "3.1.0",
      protocolVersion: "2026-07-28",
      upstream: "places",
      used: { roots: 1 },
    });
  });

  it("counts legacy clients under the version of their session", async () => {
    const gateway = await gatewayOf();
    const http = (init: RequestInit) => fetch(gateway.url, init);
    const capabilities = { roots: {}, sampling: { context: {} } };
    const session = await openSession(http, { version: "2025-11-25", answer, capabilities });
    await session.call("where");
    await session.call("think");
    const old = await openSession(http, {
      version: "2025-03-26",
      clientInfo: { name: "old app", version: "0.9" },
    });
    await old.result("logging/setLevel", { level: "error" });
    await old.call("echo");
    const { rows, verdicts } = await readReport(gateway);
    const ofApp = (name: string) => rows.filter(({ client }) => client === name);
    expect(new Set(ofApp("test").map((row) => row.protocolVersion))).toEqual(
      new Set(["2025-11-25"]),
    );
    const used = ofApp("test").flatMap((row) => Object.keys(row.used));
    expect([...new Set(used)].sort()).toEqual(["includeContext", "logging", "roots", "sampling"]);
    expect(ofApp("old app").map(({ used: uses }) => uses)).toContainEqual({ logging: 1 });
    const safe = Object.fromEntries(verdicts.map(({ subject, isSafe }) => [subject, isSafe]));
    expect(safe).toMatchObject({
      "2025-11-25": "no",
      "2025-06-18": "unknown",
      "2025-03-26": "no",
      roots: "no",
      sampling: "no",
      includeContext: "no",
      logging: "no",
    });
  });

  it("does not take the session of a legacy client alone for the use of logging", async () => {
    const gateway = await gatewayOf();
    const session = await openSession((init) => fetch(gateway.url, init));
    await session.call("echo");
    const { rows } = await readReport(gateway);
    expect(rows.map(({ used }) => used)).toEqual(rows.map(() => ({})));
  });

  it("counts requests that pass unread by their version, without a client", async () => {
    const gateway = await gatewayOf("upstream");
    const client = createClient(gateway.url, { clientInfo: info });
    await client.callTool("echo", {});
    await client.close();
    const { rows, verdicts } = await readReport(gateway);
    expect(rows).toMatchObject([{ client: null, protocolVersion: "2026-07-28" }]);
    const roots = verdicts.find(({ subject }) => subject === "roots");
    expect(roots).toMatchObject({ isSafe: "unknown", because: expect.stringContaining("unread") });
  });

  it("has metrics by version and feature", async () => {
    const gateway = await gatewayOf();
    const session = await openSession((init) => fetch(gateway.url, init), {
      answer,
      capabilities: { roots: {} },
    });
    await session.call("where");
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(
      /lutra_gateway_protocol_requests_total\{upstream="places",version="2025-11-25"\} [1-9]/,
    );
    expect(metrics).toMatch(
      /lutra_gateway_deprecated_uses_total\{upstream="places",feature="roots"\} 1/,
    );
  });

  it.each(["0", "32", "x", "1.5"])("refuses ?days=%s", async (days) => {
    const { adminUrl } = await gatewayOf();
    const response = await fetch(`${adminUrl}/eras?days=${days}`);
    expect([response.status, await response.text()]).toEqual([400, "days: expected 1 to 31\n"]);
  });
});

describe.each(["gateway", "upstream"] as const)(
  "a gateway with verify: %s and features that are switched off",
  (verify) => {
    it("passes on modern requests without their capabilities", async () => {
      const gateway = await gatewayOf(verify, ["roots"]);
      const client = createClient(gateway.url, { onRoots: () => [{ uri: "file:///a" }] });
      await expect(client.callTool("where", {})).rejects.toMatchObject({ code: -32021 });
      await client.close();
      const { verdicts } = await readReport(gateway);
      const found = verdicts.find(({ subject }) => subject === "roots");
      expect(found).toEqual({ subject: "roots", isSafe: "yes", because: "it is switched off" });
    });

    it("passes on requests of sessions without their capabilities, and sends no logs", async () => {
      const gateway = await gatewayOf(verify, ["sampling", "logging"]);
      const session = await openSession((init) => fetch(gateway.url, init), {
        answer,
        capabilities: { roots: {}, sampling: {} },
      });
      await expect(session.call("think")).rejects.toMatchObject({
        message: expect.stringContaining("sampling"),
      });
      const { content } = await session.call("where");
      expect(content).toEqual([{ type: "text", text: "1" }]);
      expect(session.all("notifications/message")).toEqual([]);
    });
  },
);

describe("lutra gateway with a store for the era report", () => {
  it("keeps the counts over a restart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lutra-eras-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = {
      listen: { port: 0 },
      admin: { port: 0 },
      log: false,
      eras: { store: `sqlite:${join(folder, "eras.db")}` },
      upstreams: { places: { url } },
    } as const;
    const first = await startGatewayCommand(config);
    await openSession((init) => fetch(first.url, init), { version: "2025-06-18" });
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    const second = await startGatewayCommand(config);
    const [, adminUrl = ""] = await second.line(/^lutra: health and metrics on (.*)$/);
    const { rows } = await readReport({ adminUrl });
    expect(rows.map(({ client, protocolVersion }) => [client, protocolVersion])).toContainEqual([
      "test",
      "2025-06-18",
    ]);
  });

  it("reports a store that can't be opened", async () => {
    const file = await writeConfig({
      eras: { store: "sqlite:/nowhere/at/all/eras.db" },
      upstreams: { places: { url } },
    });
    onTestFinished(() => file.remove());
    const { stderr, exited, closed } = runLutra("gateway", file.path);
    expect(await exited).toBe(1);
    await closed;
    expect(stderr.join("\n")).toMatch(/^lutra: cannot open the store: /);
  });

  it("requires a function that opens it", async () => {
    const config = {
      eras: { store: "memory:" },
      log: false,
      upstreams: { places: { url } },
    } as const;
    await expect(startGateway(config)).rejects.toThrow(
      "eras.store: expected the option openStore of startGateway",
    );
  });
});

describe("lutra eras", () => {
  it("prints the verdicts and the clients", async () => {
    const gateway = await gatewayOf();
    await openSession((init) => fetch(gateway.url, init), { version: "2025-06-18" });
    const { stdout, exited, closed } = runLutra("eras", String(gateway.adminUrl));
    expect(await exited).toBe(0);
    await closed;
    const text = stdout.join("\n");
    expect(text).toMatch(/^Counted from .* Verdicts look back 7 days\.$/m);
    expect(text).toMatch(/^2025-06-18 +no +\d requests?, last at .*, by test 1$/m);
    expect(text).toMatch(/^2025-03-26 +unknown +no use so far/m);
    expect(text).toMatch(/^test 1 +2025-06-18 +(?:places)? +\d/m);
  });

  it("prints the report as JSON", async () => {
    const gateway = await gatewayOf();
    const { stdout, exited, closed } = runLutra(
      "eras",
      String(gateway.adminUrl),
      "--json",
      "--days",
      "3",
    );
    expect(await exited).toBe(0);
    await closed;
    expect(JSON.parse(stdout.join("\n"))).toMatchObject({ days: 3, rows: [] });
  });

  it.each([
    ["nonsense", 2, /^lutra: eras: nonsense: expected the URL of an admin listener/],
    ["http://127.0.0.1:1", 1, /^lutra: eras: cannot read http:\/\/127\.0\.0\.1:1: /],
  ])("explains that it cannot read %s", async (address, code, message) => {
    const { stderr, exited, closed } = runLutra("eras", address);
    expect(await exited).toBe(code);
    await closed;
    expect(stderr.join("\n")).toMatch(message);
  });

  it("explains that an address is not that of an admin listener", async () => {
    const gateway = await gatewayOf();
    const { stderr, exited, closed } = runLutra("eras", new URL(gateway.url).origin);
    expect(await exited).toBe(1);
    await closed;
    expect(stderr.join("\n")).toMatch(/expected a gateway's admin listener, got status 404$/);
  });
});
