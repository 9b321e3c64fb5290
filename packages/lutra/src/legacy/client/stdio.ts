/**
 * Sessions with a server over its standard streams. One process has at most one session.
 *
 * @spec basic/transports/stdio#backward-compatibility
 */
import { EarlierRevisionError } from "../../protocol/earlier-revision.ts";
import type { Serve } from "../../protocol/exchange.ts";
import { encodeJSON } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { TransportError } from "../../protocol/transport-error.ts";
import { settlesWithin } from "../../time/within.ts";
import type { EraVerdicts, ServerEra } from "../../transport/era.ts";
import type {
  LegacyProcessClient,
  LegacyProcessInit,
  ProcessChannel,
} from "../../transport/stdio/legacy-client.ts";
import type { StdioCommand } from "../../transport/stdio/spawn-command.ts";
import { eraOf } from "./from-legacy.ts";
import type { LinkListener } from "./link.ts";
import { LegacyTransport } from "./transport.ts";
import { guarded, sharedVerdicts } from "./verdicts.ts";

/** Maximum time for `initialize`, in milliseconds. A server may be installed before it starts. */
const initializeMs = 60_000;
/** Maximum time for each answer of a process that has answered as a modern one, in milliseconds. */
const selectMs = 5000;

/** Creates the client of one command. */
export function createLegacyProcessClient(init: LegacyProcessInit): LegacyProcessClient {
  return new ProcessClient(init);
}

class ProcessClient implements LegacyProcessClient {
  readonly #init: LegacyProcessInit;
  readonly #verdicts: EraVerdicts;
  readonly #transport: LegacyTransport;
  #channel: ProcessChannel | undefined;
  #listener: LinkListener | undefined;
  #key: Promise<string> | undefined;

  constructor(init: LegacyProcessInit) {
    const { command, answer, era, inputWaitMs } = init;
    this.#init = init;
    this.#verdicts = guarded(init.verdicts ?? sharedVerdicts);
    this.#transport = new LegacyTransport(
      async (listener) => {
        this.#listener = listener;
        return {
          send: async (message) => this.#channel?.write(encodeJSON(message)),
          setVersion: () => {},
          openStream: async () => true,
          close: async () => {},
        };
      },
      {
        server: `The server "${command.command}"`,
        version: era,
        answer,
        initializeMs,
        inputWaitMs,
      },
    );
  }

  async expected(): Promise<ServerEra | undefined> {
    const fixed = eraOf(this.#init.era);
    if (fixed !== undefined) return fixed;
    return (await this.#verdicts.get(await this.#name()))?.era;
  }

  async open(channel: ProcessChannel, request: JSONRPCRequest): Promise<ServerEra> {
    this.#channel = channel;
    const controller = new AbortController();
    const isModern = () => channel.isModern(controller.signal).catch(() => false);
    const discovered = isModern();
    const opened = this.#transport.open(request).then(() => "legacy" as const);
    void channel.exited.then((error) => {
      if (this.#channel === channel) this.onExit(error);
    });
    // A server that starts slowly answers in the order of the requests.
    const modern = new Promise<"modern">((resolve) => {
      void discovered.then((isModern) => isModern && resolve("modern"));
    });
    try {
      const first = await Promise.race([opened, modern]);
      opened.catch(() => {});
      const era = first === "modern" ? await selectedBy(opened, isModern) : first;
      if (era === "modern") this.onExit(new EarlierRevisionError("The server", "it is modern"));
      await this.remember(first);
      return era;
    } finally {
      controller.abort();
    }
  }

  readonly serve: Serve = (request, context) => this.#transport.serve(request, context);

  receive(message: unknown): void {
    this.#listener?.onMessage(message);
  }

  onExit(error: TransportError): void {
    this.#listener?.onEnd(error);
    this.#listener = undefined;
  }

  readonly abandon = (requestState: string): void => this.#transport.abandon(requestState);

  async remember(era: ServerEra): Promise<void> {
    if (eraOf(this.#init.era) !== undefined) return;
    const name = await this.#name();
    if (era === "modern") await this.#verdicts.delete(name);
    else await this.#verdicts.set(name, { era });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #name(): Promise<string> {
    this.#key ??= nameOf(this.#init.command);
    return this.#key;
  }
}

/**
 * Returns the era of a process that has answered as a modern one and also got `initialize`, with which
 * a server of both eras may have selected the earlier one.
 *
 * @spec basic/versioning#compatibility-matrix
 */
async function selectedBy(
  opened: Promise<unknown>,
  isModern: () => Promise<boolean>,
): Promise<ServerEra> {
  const accepted = opened.then(
    () => true,
    () => false,
  );
  if (!(await settlesWithin(selectMs, accepted)) || !(await accepted)) return "modern";
  const still = isModern();
  return (await settlesWithin(selectMs, still)) && (await still) ? "modern" : "legacy";
}

/** Returns the name of a command among verdicts. Its arguments may contain secrets. */
async function nameOf({ command, args = [], cwd = "" }: StdioCommand): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([args, cwd]));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).slice(0, 16);
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${command} ${hex}`;
}
