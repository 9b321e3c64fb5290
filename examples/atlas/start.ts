/**
 * `npm start`: runs a gateway over three replicas of the atlas and a second server, walks through
 * the protocol with a client, and stays up. `--port` sets the port (3000); `--exit` exits after the
 * walk.
 */
import { parseArgs } from "node:util";
import { printFarewell } from "./walk/farewell.ts";
import { configPath, FleetError, type FleetProcess, startFleet } from "./walk/fleet-process.ts";
import { styled } from "./walk/report.ts";
import { walkThrough } from "./walk/walk.ts";

/** The exit code that a shell reports for a program ended by SIGPIPE. */
const unreadExitCode = 141;

/** Number of ports to try, in ascending order. */
const maxPorts = 20;

const { values: options } = parseArgs({
  options: { port: { type: "string", default: "3000" }, exit: { type: "boolean", default: false } },
});

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => stopping.abort());
}

/** True while the output has a reader; false after `npm start | head`. */
let isRead = true;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", () => {
    isRead = false;
    stopping.abort();
  });
}

/** Starts the fleet at the port, or at the next free port. */
async function startAt(port: number, tries = maxPorts): Promise<FleetProcess> {
  console.log(styled("dim", `$ PORT=${port} npx lutra gateway ${configPath()}`));
  try {
    return await startFleet({ port, signal: stopping.signal });
  } catch (error) {
    const isTaken = error instanceof FleetError && error.isPortTaken;
    if (!isTaken || tries <= 1) throw error;
    console.log(`Port ${port} is in use; trying ${port + 1}.`);
    return await startAt(port + 1, tries - 1);
  }
}

/** Resolves to the exit code. */
async function main(): Promise<number> {
  const start = performance.now();
  const fleet = await startAt(Number(options.port));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${fleet.url} answers after ${seconds} s: a gateway over three replicas of the atlas, ` +
      "171,075 places each, and an almanac.\n",
  );
  const walk = walkThrough(fleet, stopping.signal);
  const isDone = await Promise.race([walk, fleet.ended.then(() => false)]);
  if (isDone && !options.exit) {
    printFarewell(fleet);
    fleet.showNotices();
    return await fleet.ended;
  }
  const wasStopped = stopping.signal.aborted;
  stopping.abort();
  const code = await fleet.ended;
  return isDone || wasStopped ? code : 1;
}

try {
  const code = await main();
  console.log("The fleet has ended.");
  process.exit(isRead ? code : unreadExitCode);
} catch (error) {
  // A start that was cancelled is not an error.
  if (stopping.signal.aborted) process.exit(isRead ? 0 : unreadExitCode);
  console.error(error instanceof FleetError ? error.message : error);
  process.exit(1);
}
