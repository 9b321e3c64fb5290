/** Schemas and values that make validation expensive. */
import { answerOf, bodyOf, send } from "./attack-request.ts";
import { type AttackedProcess, startAttacked } from "./attacked-process.ts";
import {
  confirmed,
  measureAll,
  megabytes,
  milliseconds,
  type Outcome,
  type Part,
  pauseCells,
  unanswered,
  withoutBars,
} from "./part.ts";
import { type ArgumentCase, argumentCases, type ResultCase, resultCases } from "./schema-cases.ts";
import { threadMs } from "./thread-time.ts";
import type { Watched } from "./watch-process.ts";

/** Maximum pause of the event loop besides that for the JSON itself, in milliseconds. */
const maxPauseMs = 100;

export const schemas: Part = {
  name: "schemas",
  title: `Schemas: at most ${maxPauseMs} ms of pause besides that for JSON; one request of at most 4 MiB and 100,000 values to a server, one result for a client`,
  columns: ["schema, value", "outcome", "pause", "clock", "JSON alone", "memory"],
  maxMs: 75_000,
  run: (_form, onOutcome) =>
    measureAll(
      [
        ...argumentCases.map((one, index) => () => confirmed(() => sendArguments(index, one))),
        ...resultCases.map((one, index) => () => confirmed(() => sendResult(index, one))),
      ],
      onOutcome,
    ),
};

async function sendArguments(index: number, { what, json }: ArgumentCase): Promise<Outcome> {
  const value = json();
  return await attack(`server: ${what}`, ["./schema-server.ts", index], async (process) => {
    const take = { method: "tools/call", name: "take" };
    const body = bodyOf(take, `"arguments":{"v":${value}}`);
    const text = await (await send(process.ready as string, take, body)).text();
    const watched = (await process.ask("report")) as Watched;
    return outcomeOf({ what: `server: ${what}`, outcome: answerOf(text), value, watched });
  });
}

async function sendResult(index: number, { what, json }: ResultCase): Promise<Outcome> {
  return await attack(`client: ${what}`, ["./schema-client.ts", index], async (process) => {
    const { outcome, ...watched } = (await process.ask("call")) as Watched & { outcome: string };
    return outcomeOf({ what: `client: ${what}`, outcome, value: json(), watched });
  });
}

/** Runs one attack on a new process. */
async function attack(
  what: string,
  [file, index]: readonly [file: string, index: number],
  run: (process: AttackedProcess) => Promise<Outcome>,
): Promise<Outcome> {
  let process: AttackedProcess | undefined;
  try {
    process = await startAttacked(file, [String(index)]);
    return await run(process);
  } catch (error) {
    return unanswered(what, error, schemas.columns);
  } finally {
    process?.stop();
  }
}

interface Sent {
  readonly what: string;
  readonly outcome: string;
  /** The JSON of the value. */
  readonly value: string;
  readonly watched: Watched;
}

function outcomeOf({ what, outcome, value, watched }: Sent): Outcome {
  const jsonMs = millisecondsOf(() => JSON.parse(value));
  const { pauseMs, grownBytes } = watched;
  const cells = [
    what,
    outcome.length > 90 ? `${outcome.slice(0, 90)} ...` : outcome,
    ...pauseCells(watched),
    milliseconds(jsonMs),
    megabytes(grownBytes),
  ];
  const isHeld = pauseMs - jsonMs < maxPauseMs;
  return { cells: cells.map(withoutBars), isHeld, isSlow: !isHeld };
}

/** Returns the time of an action, without other programs and the threads of the garbage collector. */
function millisecondsOf(action: () => unknown): number {
  const before = threadMs();
  action();
  return threadMs() - before;
}
