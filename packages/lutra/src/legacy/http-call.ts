/** The response to one POST with requests: JSON, or an event stream once there is more to send. */
import { encodeJSON, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import type { LegacyExchange, LegacyResponse } from "../transport/http/legacy-hook.ts";
import { Cancellation, type WaitListener } from "./call-context.ts";
import type { Link } from "./legacy-server.ts";
import type { ResumableStream, ResumableStreams } from "./resumable-stream.ts";
import { has } from "./revisions.ts";
import type { Session } from "./session.ts";

/** The response to one request. */
export interface CallResponse extends LegacyResponse {
  readonly json: string;
}

/** The response to a message that needs none. */
export const accepted: LegacyResponse = Object.freeze({ status: 202 });

export class HttpCall implements WaitListener {
  /** True when the client has disconnected permanently. */
  #isGone = false;
  /** The requests, which end when the client has disconnected. */
  readonly #cancellations: Cancellation[] = [];
  readonly #session: Session;
  readonly #exchange: LegacyExchange;
  readonly #streams: ResumableStreams;
  #stream: ResumableStream | undefined;
  #isWatched = false;

  constructor(session: Session, exchange: LegacyExchange, streams: ResumableStreams) {
    this.#session = session;
    this.#exchange = exchange;
    this.#streams = streams;
  }

  /** Returns the link for one of the requests, which can be cancelled without the others. */
  link(): Link {
    const cancellation = new Cancellation(this);
    if (this.#isGone) cancellation.abort();
    this.#cancellations.push(cancellation);
    return new CallLink(this, this.#exchange, cancellation);
  }

  /** Sends the response to the only request. It is undefined for a cancelled one. */
  end(response: CallResponse | undefined): void {
    if (this.#stream === undefined) this.#exchange.respond(response ?? accepted);
    else {
      if (response !== undefined) void this.#stream.send(response.json);
      this.#stream.end();
    }
  }

  /** Sends the responses to a batch, of which those to cancelled requests are undefined. */
  endBatch(responses: readonly (CallResponse | undefined)[]): void {
    const sent = responses.filter((response) => response !== undefined);
    if (this.#stream === undefined) this.#exchange.respond(batchOf(sent));
    else {
      for (const { json } of sent) void this.#stream.send(json);
      this.#stream.end();
    }
  }

  /** Sends a message before the response, which makes the response a stream. */
  send(message: JSONRPCNotification | JSONObject): void | Promise<void> {
    if (this.#isGone || (this.#stream === undefined && this.#exchange.isGone())) return;
    this.#stream ??= this.#open();
    return this.#stream.send(encodeJSON(message));
  }

  /** Aborts the requests when the client disconnects. Most requests end without waiting for that. */
  onWait(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    // Without a stream there is no event to resume from, so nothing could reach the client any more.
    this.#exchange.onGone(() => {
      if (this.#stream === undefined) this.#abandon();
    });
  }

  #open(): ResumableStream {
    const sink = this.#exchange.stream((isComplete) => stream.detach(sink, isComplete));
    const stream = this.#streams.open(sink, {
      owner: this.#session.key,
      isPrimed: has(this.#session.version, "primedStreams"),
      onAbandoned: () => this.#abandon(),
    });
    return stream;
  }

  #abandon(): void {
    this.#isGone = true;
    for (const cancellation of this.#cancellations) cancellation.abort();
  }
}

/** The connection of one request. */
class CallLink implements Link {
  readonly source: LegacyExchange;
  readonly cancellation: Cancellation;
  readonly #call: HttpCall;

  constructor(call: HttpCall, source: LegacyExchange, cancellation: Cancellation) {
    this.source = source;
    this.cancellation = cancellation;
    this.#call = call;
  }

  notify(notification: JSONRPCNotification): void | Promise<void> {
    return this.cancellation.isAborted ? undefined : this.#call.send(notification);
  }

  send(message: JSONRPCNotification | JSONObject): void | Promise<void> {
    return this.#call.send(message);
  }
}

function batchOf(responses: readonly CallResponse[]): LegacyResponse {
  if (responses.length === 0) return accepted;
  return { status: 200, json: `[${responses.map(({ json }) => json).join(",")}]` };
}
