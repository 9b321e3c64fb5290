/**
 * The requests of a legacy server to its client. One that belongs to a call parks it; the others are
 * answered at once, if they can be.
 *
 * @spec 2025-11-25/basic/lifecycle#operation
 */
import { type ClientCapabilities, hasCapabilities } from "../../protocol/capabilities.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import {
  capabilityFor,
  type InputRequest,
  parseInputRequired,
} from "../../protocol/input-required.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { RequestId } from "../../protocol/json-rpc.ts";
import { textOf } from "../../protocol/peer-text.ts";
import type { AnswerRequest } from "../../transport/era.ts";
import type { Ask, Call } from "./call.ts";

/** Maximum number of requests of a server that wait for answers, per call and outside of calls. */
const maxAsked = 100;

export interface ServerRequestsOptions {
  readonly send: (message: JSONObject) => void;
  readonly answer: AnswerRequest | undefined;
  /** Returns the call for a request that arrived outside of the stream of a call. */
  readonly callFor: () => Call | undefined;
}

export class ServerRequests {
  /** The capabilities of the client. */
  declared: ClientCapabilities = {};
  readonly #options: ServerRequestsOptions;
  /** The requests that are being answered outside of calls. */
  readonly #answering = new Map<RequestId, AbortController>();
  /** The requests for roots that wait for a call, where nothing else can answer them. */
  #held: Ask[] = [];

  constructor(options: ServerRequestsOptions) {
    this.#options = options;
  }

  /** Handles a request. `origin` is the call on whose stream it arrived. */
  receive(message: JSONObject, origin: Call | undefined): void {
    const id = message.id as RequestId;
    if (message.method === "ping") {
      this.#options.send({ jsonrpc: "2.0", id, result: {} });
      return;
    }
    const request = readInputRequest(message, this.declared);
    if (request === undefined) {
      this.#refuse(id, new ProtocolError("methodNotFound", notDeclared(message.method)));
      return;
    }
    // Roots do not depend on a call, and servers ask for them as soon as the session is open.
    const ask = { id, request, isOwn: origin !== undefined };
    const isOfSession = isForRoots(ask) && this.#options.answer !== undefined;
    if (isOfSession) this.#assign({ ...ask, isOwn: false }, undefined);
    else this.#assign(ask, origin ?? this.#options.callFor());
  }

  /**
   * Handles the requests that a call leaves behind. Those that were only assigned to it go to another
   * call, or are answered outside of calls unless the caller has given up.
   */
  release(asks: Iterable<Ask>, hasGivenUp: boolean): void {
    for (const ask of asks) {
      const call = this.#options.callFor();
      if (!ask.isOwn && (call !== undefined || !hasGivenUp)) this.#assign(ask, call);
      else this.#refuse(ask.id, new ProtocolError("internalError", "The call was cancelled"));
    }
  }

  /** True while requests wait for a call. */
  get hasHeld(): boolean {
    return this.#held.length > 0;
  }

  /** Takes the requests that wait for a call, for one that has begun. */
  takeHeld(): readonly Ask[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #assign(ask: Ask, call: Call | undefined): void {
    const waiting = this.#answering.size + this.#held.length;
    const asked = call === undefined ? waiting : call.asks.size;
    if (asked >= maxAsked) {
      this.#refuse(ask.id, new ProtocolError("internalError", `${asked} requests are unanswered`));
    } else if (call !== undefined) call.ask(ask);
    // Servers ask for roots as soon as the session is open, and only once.
    else if (isForRoots(ask) && this.#options.answer === undefined) this.#held.push(ask);
    else void this.#answer(ask.id, ask.request);
  }

  /** Ends the answer to a request that the server has cancelled. */
  withdraw(id: RequestId): boolean {
    const held = this.#held.length;
    this.#held = this.#held.filter((ask) => ask.id !== id);
    if (this.#held.length < held) return true;
    this.#answering.get(id)?.abort();
    return this.#answering.delete(id);
  }

  end(): void {
    for (const controller of this.#answering.values()) controller.abort();
    this.#answering.clear();
    this.#held = [];
  }

  async #answer(id: RequestId, request: InputRequest): Promise<void> {
    const { answer, send } = this.#options;
    if (answer === undefined) {
      const message = `${request.method}: no request of the client is in flight`;
      this.#refuse(id, new ProtocolError("invalidRequest", message));
      return;
    }
    const controller = new AbortController();
    this.#answering.set(id, controller);
    try {
      const result = await answer(request, controller.signal);
      if (this.#answering.delete(id)) send({ jsonrpc: "2.0", id, result });
    } catch (thrown) {
      if (this.#answering.delete(id)) this.#refuse(id, ProtocolError.from(thrown));
    }
  }

  #refuse(id: RequestId, error: ProtocolError): void {
    this.#options.send({ jsonrpc: "2.0", id, error: error.toWire() });
  }
}

/** Returns an input request that the client has declared support for, or undefined. */
function readInputRequest(
  { method, params }: JSONObject,
  declared: ClientCapabilities,
): InputRequest | undefined {
  // Only earlier revisions identify elicitations, to announce their completion.
  const { elicitationId: _, ...known } = isObject(params) ? params : {};
  const request = { method, params: known } as unknown as InputRequest;
  try {
    parseInputRequired({ inputRequests: { request } });
    return hasCapabilities(capabilityFor(request), declared) ? request : undefined;
  } catch {
    return undefined;
  }
}

function isForRoots({ request }: Ask): boolean {
  return request.method === "roots/list";
}

function notDeclared(method: unknown): string {
  return `${textOf(method).slice(0, 100)}: the client has not declared the capability for it`;
}
