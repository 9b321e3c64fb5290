/** The longest pause of a server for any one request, and of a client for any one message. */
import { answerOf, send } from "./attack-request.ts";
import { type AttackedProcess, startAttacked } from "./attacked-process.ts";
import { startHostile } from "./hostile-server.ts";
import { type MessageCase, messageCases } from "./message-cases.ts";
import {
  confirmed,
  measureAll,
  megabytes,
  type Outcome,
  type Part,
  pauseCells,
  unanswered,
  withoutBars,
} from "./part.ts";
import { type RequestCase, requestCases } from "./request-cases.ts";
import type { Watched } from "./watch-process.ts";

/** Maximum pause of the event loop, in milliseconds. */
const maxPauseMs = 150;

export const messages: Part = {
  name: "messages",
  title: `Messages: at most ${maxPauseMs} ms of pause for one request of 4 MiB or one response`,
  columns: ["message", "outcome", "pause", "clock", "memory"],
  maxMs: 75_000,
  run: async (_form, onOutcome) => {
    const server = new Attacked("./message-server.ts");
    const client = new Attacked("./message-client.ts");
    const toServer = requestCases.map(
      (one) => () => confirmed(() => server.attack(one.what, sendRequest(one))),
    );
    const toClient = messageCases.map(
      (one) => () => confirmed(() => client.attack(one.what, sendMessage(one))),
    );
    const outcomes = await measureAll([...toServer, ...toClient], onOutcome);
    server.stop();
    client.stop();
    return outcomes;
  },
};

interface Effect extends Watched {
  readonly outcome: string;
}

/** A process that receives one message after another, and is replaced when it has ended. */
class Attacked {
  readonly #file: string;
  #process: AttackedProcess | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Runs one attack on the process, which must answer afterwards. */
  async attack(what: string, run: (process: AttackedProcess) => Promise<Effect>): Promise<Outcome> {
    const side = this.#file.includes("server") ? "server" : "client";
    const name = withoutBars(`${side}: ${what}`);
    try {
      this.#process ??= await startAttacked(this.#file, []);
      const { outcome, ...watched } = await run(this.#process);
      const { pauseMs, grownBytes } = watched;
      const short = outcome.length > 90 ? `${outcome.slice(0, 90)} ...` : outcome;
      const cells = [name, withoutBars(short), ...pauseCells(watched), megabytes(grownBytes)];
      const isHeld = pauseMs <= maxPauseMs;
      return { cells, isHeld, isSlow: !isHeld };
    } catch (error) {
      this.stop();
      return unanswered(name, error, messages.columns);
    }
  }

  stop(): void {
    this.#process?.stop();
    this.#process = undefined;
  }
}

function sendRequest(one: RequestCase): (process: AttackedProcess) => Promise<Effect> {
  return async (process) => {
    const url = process.ready as string;
    await process.ask("begin");
    // The stream of a subscription that was opened does not end by itself.
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(10_000)]);
    const response = await send(url, one, one.body(), signal);
    const isOpen = response.ok && one.method === "subscriptions/listen";
    const outcome = isOpen ? "opened" : answerOf(await response.text());
    end.abort();
    const watched = (await process.ask("report")) as Watched;
    return { outcome, ...watched };
  };
}

function sendMessage(one: MessageCase): (process: AttackedProcess) => Promise<Effect> {
  return async (process) => {
    const { operation } = one;
    const hostile = await startHostile(one);
    try {
      return (await process.ask({ url: hostile.url, operation })) as Effect;
    } finally {
      hostile.close();
    }
  };
}
