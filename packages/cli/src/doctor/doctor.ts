/** `lutra doctor`: checks this machine, and a server or a configuration. */
import { targetOf } from "../client/find-target.ts";
import { plainJSON, plainLine } from "../client/plain-text.ts";
import { createScreen, type Screen } from "../client/screen.ts";
import type { Target } from "../client/target.ts";
import type { Color } from "../colors.ts";
import { CommandError } from "../command-error.ts";
import { type CommandLine, integerOption } from "../command-line.ts";
import { withPackage } from "../optional-package.ts";
import { checkAuthorization } from "./authorization-checks.ts";
import { checkAddress, checkTls } from "./connection-checks.ts";
import { checkClock, checkStreams, checkVersions, discover } from "./endpoint-checks.ts";
import { type Finding, type FindingState, findingsOf, reasonOf } from "./finding.ts";
import { checkMachine } from "./machine-checks.ts";
import type { Endpoint } from "./raw-request.ts";

const timeouts = { least: 100, most: 600_000, fallback: 10_000 };

export async function doctor(line: CommandLine): Promise<number> {
  const timeoutMs = integerOption(line, "timeout", timeouts);
  const isJSON = line.options.json === true;
  const findings: Finding[] = [];
  const screen = createScreen();
  try {
    for await (const finding of check(line, timeoutMs)) {
      findings.push(finding);
      if (!isJSON) print(finding, screen);
    }
    const ok = findings.every(({ state }) => state !== "problem");
    if (isJSON) screen.print(plainJSON({ ok, findings: [...findings] }));
    return ok ? 0 : 1;
  } finally {
    await screen.flushed();
  }
}

async function* check(line: CommandLine, timeoutMs: number): AsyncGenerator<Finding> {
  yield* checkMachine();
  const word = line.values[0];
  if (word === undefined && line.program === undefined) return;
  if (word !== undefined && isConfiguration(word)) {
    yield* checkConfiguration(word, timeoutMs);
    return;
  }
  const target = targetOf(line);
  if (target.kind !== "url") yield await checkProgram(target, timeoutMs);
  else {
    const { url, headers } = target;
    yield* checkEndpoint({ url: new URL(url), headers, timeoutMs });
  }
}

function isConfiguration(word: string): boolean {
  return /\.(?:ya?ml|json)$|(?:^|[\\/])gateway\.[cm]?[jt]s$/.test(word);
}

/** Checks an endpoint from the connection up. Later checks need the earlier ones. */
async function* checkEndpoint(endpoint: Endpoint): AsyncGenerator<Finding> {
  const address = await checkAddress(endpoint);
  yield address;
  if (address.state === "problem") return;
  const tls = await checkTls(endpoint);
  yield* tls;
  if (tls.some(({ state }) => state === "problem")) return;
  const { problem, skipped } = findingsOf("versions");
  try {
    const answer = await discover(endpoint);
    yield checkClock(answer);
    yield* await checkAuthorization(endpoint, answer);
    if (answer.status === 401 || answer.status === 403) {
      yield skipped("unknown without credentials; pass a token with --header");
      return;
    }
    const versions = await checkVersions(endpoint, answer);
    yield versions;
    if (versions.state === "ok") yield await checkStreams(endpoint);
  } catch (error) {
    yield problem(`no answer: ${reasonOf(error)}`, "check the server, and the proxies on the way");
  }
}

/** Checks a configuration of a gateway, and the addresses of its upstreams. */
async function* checkConfiguration(file: string, timeoutMs: number): AsyncGenerator<Finding> {
  const { ok, problem } = findingsOf("configuration");
  const { loadGatewayConfig } = await withPackage(
    "@lutra/gateway",
    "doctor",
    () => import("../gateway-config.ts"),
  );
  try {
    const { config } = await loadGatewayConfig(file);
    yield ok(`${file} is valid`);
    for (const [name, { url = [] }] of Object.entries(config.upstreams)) {
      for (const one of [url].flat()) {
        const finding = await checkAddress({ url: new URL(one), headers: {}, timeoutMs });
        yield { ...finding, message: `upstream ${name}: ${finding.message}` };
      }
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    yield problem(
      error.message,
      "correct the configuration; docs/gateway-config.md lists every key",
    );
  }
}

/** Starts a program, or loads a module, and asks it for its versions. */
async function checkProgram(
  target: Exclude<Target, { kind: "url" }>,
  timeoutMs: number,
): Promise<Finding> {
  const { ok, problem } = findingsOf("versions");
  const { createClient } = await import("lutra/client");
  const { loadServer } = await import("../load-server.ts");
  const server = () => (target.kind === "module" ? loadServer(target.file) : target.command);
  try {
    const client = createClient(await server(), { timeoutMs });
    try {
      const { supportedVersions } = await client.discover();
      return ok(`${target.label} serves ${supportedVersions.join(", ")}`);
    } finally {
      await client.close();
    }
  } catch (error) {
    const remedy =
      target.kind === "module"
        ? "correct the module"
        : "run the program by hand, and read its standard error";
    return problem(`${target.label}: ${reasonOf(error)}`, remedy);
  }
}

const colors: { readonly [state in FindingState]: Color } = {
  ok: "green",
  warning: "yellow",
  problem: "red",
  skipped: "grey",
};

const stateColumns = 9;
const checkColumns = 15;

function print({ check, state, message, remedy }: Finding, { paint, print }: Screen): void {
  const head = `${paint(colors[state], state.padEnd(stateColumns))}${check.padEnd(checkColumns)}`;
  // A server chooses parts of the message.
  print(head + message.split("\n").map(plainLine).join("\n  "));
  if (remedy !== undefined) print(`${" ".repeat(stateColumns)}-> ${plainLine(remedy)}`);
}
