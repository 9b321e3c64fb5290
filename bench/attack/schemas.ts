/** Schemas and values that make validation expensive. */
import { type AttackedProcess, startAttacked } from "./attacked-process.ts";
import type { Outcome, Part } from "./part.ts";
import { type ArgumentCase, argumentCases, type ResultCase, resultCases } from "./schema-cases.ts";
import type { Watched } from "./watch-process.ts";

/** Maximum pause of the event loop besides that for the JSON itself, in milliseconds. */
const maxPauseMs = 100;

export const schemas: Part = {
  name: "schemas",
  title: "Schemas: one request of 4 MiB to a server, one result for a client",
  columns: ["schema, value", "outcome", "pause", "JSON alone", "memory"],
  run: async () => {
    const outcomes: Outcome[] = [];
    for (const [index, one] of argumentCases.entries()) {
      outcomes.push(await sendArguments(index, one));
    }
    for (const [index, one] of resultCases.entries()) outcomes.push(await sendResult(index, one));
    return outcomes;
  },
};

async function sendArguments(index: number, { what, json }: ArgumentCase): Promise<Outcome> {
  const value = json();
  return await attack(`server: ${what}`, ["./schema-server.ts", index], async (process) => {
    const text = await post(process.ready as string, value);
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
    return failed(what, error);
  } finally {
    process?.stop();
  }
}

async function post(url: string, value: string): Promise<string> {
  const _meta =
    '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "take",
    },
    body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"take","arguments":{"v":${value}},"_meta":${_meta}}}`,
    signal: AbortSignal.timeout(10_000),
  });
  return await response.text();
}

function answerOf(text: string): string {
  const { result, error } = JSON.parse(text);
  return error?.message ?? result.content[0].text;
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
    `${pauseMs.toFixed(0)} ms`,
    `${jsonMs.toFixed(0)} ms`,
    `${(grownBytes / 1e6).toFixed(0)} MB`,
  ];
  return { cells: cells.map(withoutBars), isHeld: pauseMs - jsonMs < maxPauseMs };
}

function failed(what: string, error: unknown): Outcome {
  const { message, name } = error as Error;
  const outcome = name === "TimeoutError" ? "frozen" : message;
  return { cells: [withoutBars(what), outcome, "", "", ""], isHeld: false };
}

/** Escapes the character that separates the cells of a Markdown table. */
function withoutBars(text: string): string {
  return text.replaceAll("|", "\\|");
}

function millisecondsOf(action: () => unknown): number {
  const begin = performance.now();
  action();
  return performance.now() - begin;
}
