/**
 * A walk over sign-ins, a gateway with accounts of users, and their failures. Everything that the programs
 * write on the way is searched for the tokens, codes, verifiers, secrets and cookies in use.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { browserSignIn, createFileTokenStore, oauth } from "lutra/auth/client";
import { createClient } from "lutra/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningLutra, runLutra, untilListening } from "../cli/run-lutra.ts";
import { type ConfigFile, writeConfig } from "../gateway/config-file.ts";
import {
  createSecret,
  permitSecretsIn,
  registerSecret,
  type Secret,
} from "../secrets/registered-secrets.ts";
import { closeServer, startAuthorizationServer } from "./authorization-server.ts";
import { type SeenExchange, secretsIn } from "./exchange-secrets.ts";
import { type Front, gatewayClient, startFront } from "./gateway-setting.ts";
import { createPageUser, passSignIn } from "./page-user.ts";
import { startProtectedServer } from "./protected-server.ts";
import { signInAs } from "./scripted-user.ts";
import { findSecrets } from "./search-secrets.ts";

const opened: { readonly close: () => Promise<unknown> }[] = [];
const secrets: Secret[] = [];
/** Everything that was written, by its place. */
const places = new Map<string, string>();

let folder: string;
let front: Front;
let url: string;
let gateway: RunningLutra;
let adminUrl: string;

/** Values that only the configuration contains. */
const configured = {
  OWN_SECRET: createSecret("OWN_SECRET"),
  OTHER_SECRET: createSecret("OTHER_SECRET"),
  GATEWAY_KEY: randomBytes(32).toString("base64"),
};

function write(place: string, written: string): void {
  places.set(place, `${places.get(place) ?? ""}\n${written}`);
}

/** Takes the secrets out of an exchange with an authorization server. */
function harvest(exchange: SeenExchange): void {
  secrets.push(...secretsIn(exchange));
  const state = exchange.url.searchParams.get("state");
  if (state !== null) secrets.push({ kind: "state", value: state });
}

/** Receives spans and metrics. */
async function startCollector(): Promise<string> {
  const server = createServer(async (req, res) => {
    write(`the collector, at ${req.url}`, await text(req));
    res.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  opened.push({ close: () => closeServer(server) });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startAuthority(clientSecret: string, resource: () => string, callback: string) {
  const client = { ...gatewayClient(callback), client_secret: clientSecret };
  const as = await startAuthorizationServer({
    ...{ resource, scopes: ["books:write"], clients: [client], onExchange: harvest },
  });
  opened.push(as);
  return as;
}

/** Runs the command as a user would. Its output is searched, but for the line that shows the page. */
async function run(...words: readonly string[]): Promise<RunningLutra> {
  const command = runLutra(...words, { XDG_STATE_HOME: join(folder, "state"), LUTRA_LOG: "" });
  void command.closed.then(() => {
    const lines = [...command.stdout, ...command.stderr];
    write(`lutra ${words[0]}`, lines.filter((line) => !line.startsWith("Sign in in")).join("\n"));
  });
  return command;
}

/** Writes down the arguments of every process of this machine. */
async function readProcesses(): Promise<void> {
  const ids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const id of ids) {
    write("the list of processes", await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => ""));
  }
}

/** Writes down the files of the programs, but for the one in which the user's tokens are. */
async function readFiles(): Promise<void> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    if (!entry.isFile() || entry.name === "tokens.json") continue;
    write(`the file ${entry.name}`, await readFile(join(entry.parentPath, entry.name), "latin1"));
  }
}

let config: ConfigFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lutra-secrets-"));
  for (const [kind, value] of Object.entries(configured)) {
    secrets.push({ kind, value });
  }
  registerSecret("GATEWAY_KEY", configured.GATEWAY_KEY);
  for (const store of ["tokens.json", "state/lutra/tokens.json"]) {
    permitSecretsIn(join(folder, store), "a store of a user without a keyring");
  }
  front = await startFront();
  url = `${front.origin}/mcp`;
  const upstream = await startProtectedServer({}, { anonymous: true });
  opened.push(upstream);
  const own = await startAuthority(configured.OWN_SECRET, () => url, `${url}/sign-in/return`);
  const other = await startAuthority(
    ...([configured.OTHER_SECRET, () => upstream.url, `${url}/sign-in/callback`] as const),
  );
  upstream.trust(other.issuer);
  config = await writeConfig({
    ...{ listen: { port: 0 }, admin: { port: 0 } },
    keys: [{ id: "one", secret: "$" + "{GATEWAY_KEY}" }],
    auth: {
      ...{ issuer: own.issuer, resource: url },
      signIn: {
        ...{ clientId: "gateway", clientSecret: "$" + "{OWN_SECRET}" },
        store: `sqlite:${join(folder, "accounts.db")}`,
      },
    },
    upstreams: {
      books: {
        url: upstream.url,
        auth: {
          ...{ grant: "sign-in", issuer: other.issuer, scopes: ["books:write"] },
          ...{ clientId: "gateway", clientSecret: "$" + "{OTHER_SECRET}" },
        },
      },
    },
  });
  const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: await startCollector() };
  const started = runLutra("gateway", config.path, { ...configured, ...collector });
  const [, admin = ""] = await started.line(/^lutra: health and metrics on (\S+)$/);
  adminUrl = admin;
  gateway = started;
  front.lead(Number(new URL((await untilListening(started)).url).port));
});

afterAll(async () => {
  gateway?.child.kill("SIGKILL");
  await front?.close();
  await Promise.all(opened.map((one) => one.close()));
  await config?.remove();
  await rm(folder, { recursive: true, force: true });
});

it("the search finds a secret in each of its forms", () => {
  const value = "a+secret/with ümlauts";
  const secret = [{ kind: "secret", value }];
  const basic = Buffer.from(`gateway:${value}:x`);
  const form = new URLSearchParams({ value }).toString();
  const forms = [
    ...[value, encodeURIComponent(value), JSON.stringify({ value }), form],
    ...[basic.toString("base64"), basic.toString("base64url"), basic.toString("hex")],
    Buffer.from(`a ${form} b`).toString("base64"),
  ];
  for (const form of forms) {
    expect(findSecrets(secret, new Map([["it", `before ${form} after`]]))).toEqual([
      "secret in it",
    ]);
  }
  expect(findSecrets(secret, new Map([["it", "a+secret/with"]]))).toEqual([]);
});

it("no secret is anywhere but where it must be", async () => {
  const login = await run("login", url, "--as", "ann", "--print-url");
  const [, page = ""] = await login.line(/^Sign in in your browser: (\S+)$/);
  write("the last page of lutra login", (await signInAs("ann", page)).text);
  expect(await login.exited).toBe(0);

  const user = createPageUser();
  const client = createClient(url, {
    auth: oauth({
      grant: browserSignIn({ open: async (shown) => void (await signInAs("ann", shown)) }),
      store: createFileTokenStore({ path: join(folder, "tokens.json"), encryption: "none" }),
    }),
    elicitation: { url: {} },
    onElicit: async (params) => {
      if (params.mode !== "url") throw new Error("expected a page");
      secrets.push({ kind: "ticket", value: new URL(params.url).searchParams.get("ticket") ?? "" });
      const consent = await passSignIn(user, await user.open(params.url), "ann");
      // A response that belongs to no sign-in is refused, and its parameters are not reported.
      const forged = { code: "a-code-of-another-server", state: "a-state-of-another-server" };
      for (const [kind, value] of Object.entries(forged)) secrets.push({ kind, value });
      const stranger = createPageUser();
      const parameters = new URLSearchParams(forged);
      await stranger.open(`${url}/sign-in/callback?${parameters}`);
      await readProcesses();
      const last = await passSignIn(user, await user.send(consent, { decision: "agree" }), "ann");
      write("the last page of the gateway", last.text);
      return { action: "accept" };
    },
  });
  opened.push(client);
  write("the answer to a call", inspect(await client.callTool("member"), { depth: 10 }));

  await permitCommand();
  const call = await run("call", url, "member", "--as", "ann");
  await readProcesses();
  expect(await call.exited).toBe(0);
  const wrong = { authorization: "Bearer a-token-of-another-server" };
  secrets.push({ kind: "wrong token", value: "a-token-of-another-server" });
  const stranger = createClient(url, { headers: wrong });
  opened.push(stranger);
  const error = await stranger.callTool("member").catch((thrown: unknown) => thrown);
  write("the error of a wrong token", inspect(error, { depth: 10, showHidden: true }));

  for (const path of ["/metrics", "/config", "/upstreams", "/readyz"]) {
    const response = await fetch(new URL(path, adminUrl));
    write(`the admin listener, at ${path}`, await response.text());
  }
  await run("logout", url, "--as", "ann").then(({ exited }) => exited);
  await readFiles();
  // The end of the gateway exports the last spans and metrics.
  gateway.child.kill("SIGTERM");
  await gateway.closed;
  write("the output of the gateway", [...gateway.stdout, ...gateway.stderr].join("\n"));
  for (const value of user.cookies()) {
    if (value.length >= 16) secrets.push({ kind: "cookie", value });
  }
  requireWalk();
  expect(findSecrets(secrets, places)).toEqual([]);
});

/** Agrees that the command, which is another client, uses the account, too. */
async function permitCommand(): Promise<void> {
  const path = join(folder, "state", "lutra", "tokens.json");
  const entries = Object.values<{ value: string }>(
    JSON.parse(await readFile(path, "utf8")).entries,
  );
  const [token] = entries.flatMap(({ value }) => JSON.parse(value).accessToken ?? []);
  const client = createClient(url, {
    headers: { authorization: `Bearer ${token}` },
    elicitation: { url: {} },
    onElicit: async (params) => {
      const user = createPageUser();
      const page = await user.open(params.mode === "url" ? params.url : "");
      const consent = await passSignIn(user, page, "ann");
      await passSignIn(user, await user.send(consent, { decision: "agree" }), "ann");
      return { action: "accept" };
    },
  });
  opened.push(client);
  expect((await client.callTool("member")).isError).not.toBe(true);
}

/** Checks that the walk has met every kind of secret and of place; otherwise the search proves nothing. */
function requireWalk(): void {
  const kinds = new Set(secrets.map(({ kind }) => kind));
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      ...["access_token", "refresh_token", "code", "code_verifier", "state", "ticket", "cookie"],
      ...Object.keys(configured),
    ]),
  );
  expect([...places.keys()]).toEqual(
    expect.arrayContaining([
      ...["the collector, at /v1/traces", "the admin listener, at /metrics"],
      ...["the output of the gateway", "the file accounts.db", "lutra login", "lutra call"],
    ]),
  );
  expect(places.get("the output of the gateway")).toContain("tools/call");
  expect(places.get("the list of processes")).toContain("lutra");
}
