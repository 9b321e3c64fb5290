/** The legacy session of a stdio server: one client, whose messages share the two streams. */

import { invalidParams, ProtocolError } from "../protocol/errors.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { initializeMethod } from "../protocol/versioning.ts";
import type { LegacyProcess, LegacyProcessOptions } from "../transport/stdio/legacy.ts";
import { Cancellation } from "./call-context.ts";
import { initializedMethod } from "./initialize.ts";
import { toLegacyError } from "./legacy-error.ts";
import { LegacyServer, pingMethod } from "./legacy-server.ts";
import { hasBatches } from "./revisions.ts";
import type { Session } from "./session.ts";

/** Creates the legacy session of a process. */
export function createLegacyProcess(options: LegacyProcessOptions): LegacyProcess {
  return new Process(options);
}

class Process implements LegacyProcess {
  readonly #options: LegacyProcessOptions;
  readonly #server: LegacyServer;
  #session: Session | undefined;
  /** The session that `initialize` opens. Requests that follow at once wait for it. */
  #opening: Promise<Session> | undefined;
  #stopFeed: () => void = () => {};

  constructor(options: LegacyProcessOptions) {
    const { serve, versions, onError } = options;
    this.#options = options;
    // The state of this process only: a session does not outlive it.
    this.#server = new LegacyServer({ serve }, { versions, onError, sessionTtlMs: Infinity });
  }

  async serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    try {
      return await this.#serve(request, context);
    } catch (thrown) {
      throw toLegacyError(thrown, request);
    }
  }

  notify(notification: JSONRPCNotification): void {
    if (notification.method !== initializedMethod) return;
    this.#opening?.then((session) => this.#feed(session)).catch(this.#options.onError);
  }

  answer(response: JSONObject): void {
    if (this.#session === undefined) return;
    // The client expects no response, so an answer to an unknown request is ignored.
    this.#server.answers.receive(this.#session.key, response).catch(() => {});
  }

  hasBatches(): boolean {
    return this.#session !== undefined && hasBatches(this.#session.version);
  }

  close(): void {
    this.#stopFeed();
  }

  async #serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    if (request.method === initializeMethod) return this.#initialize(request, context);
    // Also before the session is open; the only request that a client may send then.
    if (request.method === pingMethod) return {};
    if (this.#opening === undefined) {
      throw new ProtocolError("invalidRequest", "expected initialize before any other request");
    }
    const { principal, address, notify, signal } = context;
    return this.#server.serve(request, await this.#opening, {
      source: { principal, address },
      notify,
      send: (message) => this.#options.send({ ...message }),
      cancellation: Cancellation.from(signal),
    });
  }

  /** @spec 2025-11-25/basic/lifecycle#initialization */
  async #initialize(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    if (this.#opening !== undefined) {
      throw invalidParams("initialize: the session is open already");
    }
    const { principal, address, signal } = context;
    const opened = this.#server.open(request, { principal, address, signal });
    this.#opening = opened.then(({ session }) => session);
    // The response to this request reports a failure.
    this.#opening.catch(() => {});
    try {
      const { session, result } = await opened;
      this.#session = session;
      return result;
    } catch (thrown) {
      this.#opening = undefined;
      throw thrown;
    }
  }

  async #feed(session: Session): Promise<void> {
    this.#stopFeed();
    const send = (notification: JSONRPCNotification) => this.#options.send({ ...notification });
    const { onEnd = () => {} } = this.#options;
    const options = { context: {}, send, onEnd, isResumed: false };
    this.#stopFeed = await this.#server.feed(session, options);
  }
}
