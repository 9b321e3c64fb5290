/** Gateways with two processes. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "@lutra/gateway";
import { onTestFinished } from "vitest";
import { type KeptConnection, keptConnection } from "./kept-connection.ts";
import { type RunningGateway, startGatewayCommand } from "./start-gateway.ts";

export interface TwoProcesses extends RunningGateway {
  /** The ids of the processes when the gateway had started. */
  readonly pids: readonly number[];
}

/** Starts the gateway, and waits until both processes serve. */
export async function startTwoProcesses(config: ConfigInput): Promise<TwoProcesses> {
  const gateway = await startGatewayCommand(config, "--processes", "2");
  const pids = [await readyProcess(gateway), await readyProcess(gateway)];
  return { ...gateway, pids };
}

/** Resolves to the id of the next process that is ready. */
export async function readyProcess({ line }: Pick<RunningGateway, "line">): Promise<number> {
  const [, pid] = await line(/process \d is ready(?: again)?, pid (\d+)/);
  return Number(pid);
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lutra-processes-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ledger {
  /** The part of a configuration that records the process of each request. */
  readonly guard: ConfigInput["guard"];
  /** The ids of the processes of the requests so far. */
  readonly pids: () => readonly number[];
}

/** Creates a guard that writes the id of its process to a file. */
export function createLedger(): Ledger {
  const folder = temporaryFolder();
  const [module, ledger] = [join(folder, "guard.mjs"), join(folder, "ledger")];
  appendFileSync(ledger, "");
  writeFileSync(
    module,
    `import { appendFileSync } from "node:fs";
    export default (next) => (request, context) => {
      appendFileSync(${JSON.stringify(ledger)}, process.pid + "\\n");
      return next(request, context);
    };`,
  );
  return {
    guard: { module },
    pids: () => readFileSync(ledger, "utf8").split("\n").filter(Boolean).map(Number),
  };
}

/** Returns two clients whose connections are at different processes. */
export function twoConnections(url: string): readonly [KeptConnection, KeptConnection] {
  const both = [keptConnection(url), keptConnection(url)] as const;
  onTestFinished(() => {
    for (const one of both) one.close();
  });
  return both;
}
