/** The response to one POST with requests: JSON, or an event stream once there is more to send. */
import type { RequestContext } from "../protocol/exchange.ts";
import { encodeJSON, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import type { LegacyExchange, LegacyResponse } from "../transport/http/legacy-hook.ts";
import { Cancellation } from "./call-context.ts";
import type { Link } from "./legacy-server.ts";
import type { ResumableStream, ResumableStreams } from "./resumable-stream.ts";
import { has } from "./revisions.ts";
import type { Session } from "./session.ts";

/** The response to one request. */
export interface CallResponse extends LegacyResponse {
  readonly json: string;
}

/** Returns the members that the contexts of all requests of an exchange have. */
export function contextOf({
  members,
  principal,
  address,
}: LegacyExchange): Pick<RequestContext, "principal" | "address"> {
  return { ...members, principal, address };
}

/** The response to a message that needs none. */
export const accepted: LegacyResponse = Object.freeze({ status: 202 });

export class HttpCall {
  /** True when the client has gone for good. */
  #isGone = false;
  /** The requests, which end when the client has gone. */
  readonly #cancellations: Cancellation[] = [];
  readonly #session: Session;
  readonly #exchange: LegacyExchange;
  readonly #streams: ResumableStreams;
  #stream: ResumableStream | undefined;

  constructor(session: Session, exchange: LegacyExchange, streams: ResumableStreams) {
    this.#session = session;
    this.#exchange = exchange;
    this.#streams = streams;
    // Without a stream there is no event to resume from, so nothing could reach the client any more.
    exchange.onGone(() => {
      if (this.#stream === undefined) this.#abandon();
    });
  }

  /** Returns the link for one of the requests, which can be cancelled without the others. */
  link(): Link {
    const cancellation = new Cancellation();
    if (this.#isGone) cancellation.abort();
    this.#cancellations.push(cancellation);
    const notify = (notification: JSONRPCNotification) =>
      cancellation.isAborted ? undefined : this.#send(notification);
    const send = (message: JSONRPCNotification | JSONObject) => this.#send(message);
    return { context: { ...contextOf(this.#exchange), notify }, send, cancellation };
  }

  /** Sends the responses, of which those of cancelled requests are undefined. */
  end(responses: readonly (CallResponse | undefined)[], isBatch: boolean): void {
    const sent = responses.filter((response) => response !== undefined);
    if (this.#stream !== undefined) {
      for (const { json } of sent) void this.#stream.send(json);
      this.#stream.end();
    } else this.#exchange.respond(isBatch ? batchOf(sent) : (sent[0] ?? accepted));
  }

  /** Sends a message before the response, which makes the response a stream. */
  #send(message: JSONRPCNotification | JSONObject): void | Promise<void> {
    if (this.#isGone) return;
    this.#stream ??= this.#open();
    return this.#stream.send(encodeJSON(message));
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

function batchOf(responses: readonly CallResponse[]): LegacyResponse {
  if (responses.length === 0) return accepted;
  return { status: 200, json: `[${responses.map(({ json }) => json).join(",")}]` };
}
