/** `lutra inspect`: shows a server in a web page. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { createConsole, createExplorer, type ExploredTarget, openAppSandbox } from "@lutra/console";
import { CommandError } from "../command-error.ts";
import { type CommandLine, integerOption } from "../command-line.ts";
import { version } from "../own-version.ts";
import { stopSignal } from "../stop-signal.ts";
import { targetOf } from "./find-target.ts";
import { openTarget } from "./open-target.ts";
import { textOption } from "./options.ts";
import type { Target, URLTarget } from "./target.ts";

/** Only this machine can reach the page. */
const host = "127.0.0.1";

export async function inspect(line: CommandLine): Promise<number> {
  const target = targetOf(line);
  const port = integerOption(line, "port", { least: 0, most: 65_535, fallback: 0 });
  const sandbox = await openAppSandbox({ host });
  const explorer = createExplorer({
    target: shownTarget(target, line),
    sandbox: sandbox.origin,
    signsIn: target.kind === "url" && signsInAt(target),
    era: textOption(line, "era"),
    connect: (options) =>
      openTarget(target, line, {
        ...options,
        clientInfo: { name: "lutra-console", version },
        stderr: (text) => explorer.addOutput(text),
      }),
  });
  const page = createConsole({
    title: target.kind === "module" ? basename(target.file) : target.label,
    views: ["explore"],
    routes: explorer.routes,
    frames: [sandbox.origin],
  });
  const server = createServer((req, res) => {
    if (!page.handle(req, res)) sendNotFound(res);
  });
  try {
    const origin = await listen(server, port);
    sandbox.allow(origin);
    console.log(`console at ${page.linkAt(origin)}`);
    return await stopSignal();
  } finally {
    server.close();
    server.closeAllConnections();
    await sandbox.close();
    await explorer.close();
  }
}

/** True unless the command line has the sign-in or a token. */
function signsInAt({ signIn, headers }: URLTarget): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return signIn === undefined && !names.includes("authorization");
}

function sendNotFound(res: ServerResponse): void {
  res.writeHead(404, { "content-length": 0 }).end();
}

/** Resolves to the origin of the server. */
function listen(server: ReturnType<typeof createServer>, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(new CommandError(`inspect: cannot listen on ${host}:${port}: ${error.message}`));
    });
    server.listen(port, host, () => {
      resolve(`http://${host}:${(server.address() as AddressInfo).port}`);
    });
  });
}

/**
 * Returns the target for the page, without values of headers and variables. Those of a configuration
 * file are already in its command, so only a command that was typed is shown.
 */
function shownTarget(target: Target, { program }: CommandLine): ExploredTarget {
  const { kind, label } = target;
  if (target.kind === "url") {
    return { kind, label, url: target.url, headers: Object.keys(target.headers) };
  }
  if (target.kind === "module") return { kind, label, file: target.file };
  if (program === undefined) return { kind, label };
  const { command, args = [] } = target.command;
  return { kind, label, command, args };
}
