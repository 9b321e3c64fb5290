/**
 * Delivers a request whose bytes were changed in places. A response that the client can get without
 * being parsed is passed on. Every other outcome becomes an `Answer`, with which the request is served.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  isEventStream,
  isJSON,
  lingerMs,
  type ReadHeader,
  type ResponseHeaders,
} from "lutra/internal";
import type { Principal, ProtocolError, TransportError } from "lutra/protocol";
import { type ExchangeRecord, replicaHeader } from "../exchange-record.ts";
import type { Replica } from "../replicas/replica.ts";
import type { WireHandler } from "../wire/handler.ts";
import { type Carrier, Delivery } from "./delivery.ts";
import type { Fleet } from "./fleet.ts";
import { type Answer, failedAnswer, type StartedAnswer } from "./open-answer.ts";
import type { ReadCall } from "./read-call.ts";
import { endWith } from "./response-body.ts";
import { freeBytes } from "./response-budget.ts";
import { faultOf } from "./response-status.ts";
import { headerOf, readResponseHead } from "./stream-headers.ts";
import { clientGone, phaseError } from "./upstream-error.ts";

/** A request that was read in part. */
export interface Spliced {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly record: ExchangeRecord;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly cors: ResponseHeaders;
  /** The name at the upstream. */
  readonly name: string;
  readonly read: ReadCall;
  /** Returns true for the text of a response, in Latin-1, that the client can get as it is. */
  readonly isFinal: (text: string) => boolean;
  /**
   * Serves the request, with the answer of the upstream unless nothing was sent. Called at most once.
   */
  readonly resume: (answer?: Answer) => void;
}

/** One attempt to have a request answered by a replica. */
export interface SplicedAttempt {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Buffer;
  /** Returns the text for the client, in Latin-1, unless the response has to be parsed. */
  readonly finalOf: (text: string) => string | undefined;
  /** The same for the text of an event stream. Absent where event streams have to be parsed. */
  readonly finalEventOf?: ((text: string) => string | undefined) | undefined;
  /** Creates the answer of a response that has to be parsed. */
  readonly answer: (exchange: SplicedExchange) => StartedAnswer;
  /** Called when the exchange has ended without an answer to serve. Absent if nothing depends on it. */
  readonly end?: (() => void) | undefined;
  /** Called when the exchange is aborted. Absent if nothing depends on it. */
  readonly cancel?: ((error: Error) => void) | undefined;
}

/** The exchange with the replica, as an answer sees it. */
export interface SplicedExchange {
  readonly replica: Replica;
  readonly delivery: Delivery<Replica>;
  readonly abort: (error: Error) => void;
  /** Continues to read the response. */
  readonly resume: () => void;
  /** Reports that nothing waits for the rest of the response. */
  readonly release: () => void;
}

/**
 * Starts an attempt. Returns undefined if the replica can't get the request before it is parsed.
 * `onEvent` may be called when something happens that requires to serve the request.
 */
export type StartAttempt = (replica: Replica, onEvent: () => void) => SplicedAttempt | undefined;

/** The way of one request. */
export interface SplicedRoute {
  readonly start: StartAttempt;
  /** Returns the replica that should get the request first, if any. */
  readonly preferred?: (() => Replica | undefined) | undefined;
}

/** Maximum size of a response that is passed on unparsed. Its memory need not be counted. */
const maxFinalBytes = freeBytes;

/**
 * Creates the function that delivers requests. It always answers, or resumes.
 *
 * @param routeOf Returns the way of a request. Undefined if it must be parsed
 */
export function createSplicedDelivery(
  fleet: Fleet,
  routeOf: (spliced: Spliced) => SplicedRoute | undefined,
): (spliced: Spliced) => void {
  return (spliced) => {
    const route = routeOf(spliced);
    if (route === undefined) spliced.resume();
    else new SplicedCarrier(spliced, fleet, route).start();
  };
}

class SplicedCarrier implements Carrier<Replica>, WireHandler {
  readonly preferred: SplicedRoute["preferred"];
  readonly #spliced: Spliced;
  readonly #delivery: Delivery<Replica>;
  readonly #start: StartAttempt;
  #replica: Replica | undefined;
  #attempt: SplicedAttempt | undefined;
  #isReleased = false;
  #abort: ((error: Error) => void) | undefined;
  #head: ReceivedHead | undefined;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  /** True for a response that is an event stream. */
  #isStream = false;
  #isPassedOn = false;
  /** True if an event requires to serve the request once it has a connection. */
  #mustServe = false;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  /** Set once the request is being served. */
  #answer: StartedAnswer | undefined;

  constructor(spliced: Spliced, fleet: Fleet, { start, preferred }: SplicedRoute) {
    const { record, name } = spliced;
    this.preferred = preferred;
    this.#spliced = spliced;
    this.#start = start;
    this.#delivery = new Delivery(this, fleet, { method: record.head.method, name, record });
  }

  start(): void {
    // Must run before the access log's `close` listener, which reads the record.
    this.#spliced.res.prependOnceListener("close", () => this.#onClose());
    this.#delivery.start();
  }

  send(replica: Replica): void {
    this.#replica = replica;
    this.#abort = undefined;
    this.#isReleased = false;
    this.#mustServe = false;
    const attempt = this.#start(replica, () => this.#onEvent());
    this.#attempt = attempt;
    if (attempt === undefined) {
      this.#release();
      this.#delivery.done();
      this.#spliced.resume();
      return;
    }
    const { path, headers, body } = attempt;
    replica.pool.dispatch({ path, method: "POST", headers, body }, this);
  }

  rewind(): boolean {
    return this.#answer === undefined;
  }

  abort(error: TransportError): void {
    this.#attempt?.cancel?.(error);
    this.#abort?.(error);
  }

  fail(error: ProtocolError): void {
    if (this.#isPassedOn) return;
    if (this.#answer === undefined) this.#spliced.resume(failedAnswer(error));
    else this.#answer.fail(error);
  }

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    if (!this.#delivery.connected()) abort(phaseError("connect"));
    else if (this.#mustServe) this.#onEvent();
  }

  onHeaders(status: number, raw: readonly string[], resume: () => void): boolean {
    const replica = this.#replica;
    if (status < 200 || replica === undefined) return true;
    const { headers, contentType, length } = readResponseHead(raw, replica.name, false);
    this.#head = { status, raw, resume, replica, length };
    const isStream = this.#attempt?.finalEventOf !== undefined && isEventStream(contentType);
    this.#isStream = isStream && status === 200;
    // A server sends the head of a stream before it does anything.
    if (!this.#isStream) this.#delivery.answered(faultOf(status, contentType));
    if (this.#answer !== undefined) {
      this.#answer.begin(status, raw);
      return true;
    }
    const isEncoded = headerOf(headers, "content-encoding") !== undefined;
    const isShort = length === undefined || length <= maxFinalBytes;
    const isKnown = this.#isStream || isJSON(contentType);
    if (status !== 200 || isEncoded || !isShort || !isKnown) this.#serve();
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#answer !== undefined) return this.#answer.push(chunk);
    if (this.#isPassedOn) return true;
    if (!this.#isStream) this.#delivery.waitFor("idle");
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const isWhole = this.#isStream ? endsEvent(chunk) : this.#size === this.#head?.length;
    if (isWhole || this.#size > maxFinalBytes) this.#end(isWhole);
    return true;
  }

  onComplete(): void {
    this.#stopLingering();
    this.#release();
    this.#end(true);
    if (this.#answer === undefined) this.#delivery.done();
    else this.#answer.end();
  }

  onError(error: Error): void {
    this.#stopLingering();
    this.#release();
    // A stream that breaks before its message may be resumed, unless the delivery itself has ended it.
    const isBroken = this.#delivery.stage === "sent";
    if (this.#isStream && isBroken && !this.#isPassedOn && this.#answer === undefined)
      this.#serve();
    if (this.#answer === undefined) {
      this.#attempt?.end?.();
      this.#delivery.failed(error);
    } else this.#answer.break(error);
  }

  /** Passes the response on, or serves the request with it. Does nothing once either has begun. */
  #end(isWhole: boolean): void {
    const head = this.#head;
    const { res, cors } = this.#spliced;
    if (head === undefined || this.#answer !== undefined || this.#isPassedOn) return;
    const final = isWhole ? this.#finalText() : undefined;
    if (final === undefined) {
      this.#serve();
      return;
    }
    this.#isPassedOn = true;
    this.#attempt?.end?.();
    if (this.#isStream) this.#linger();
    if (res.destroyed) return;
    res.writeHead(200, {
      [replicaHeader]: head.replica.name,
      "content-type": "application/json",
      "content-length": final.length,
      ...cors,
    });
    endWith(res, final);
  }

  #finalText(): string | undefined {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    const text = body.toString("latin1");
    const attempt = this.#attempt;
    return this.#isStream ? attempt?.finalEventOf?.(text) : attempt?.finalOf(text);
  }

  /** Lets a stream end by itself once its message has arrived, so that its connection is kept. */
  #linger(): void {
    this.#delivery.answered();
    this.#delivery.done();
    this.#lingering = setTimeout(() => this.#abort?.(phaseError("idle")), lingerMs);
  }

  #stopLingering(): void {
    clearTimeout(this.#lingering);
  }

  #onEvent(): void {
    const { stage } = this.#delivery;
    if (stage === "ended" || this.#isPassedOn || this.#answer !== undefined) return;
    // Until there is a connection, the request may still be sent to another replica.
    this.#mustServe = stage === "connecting";
    if (!this.#mustServe) this.#serve();
  }

  /** Serves the request with the response, which may still be arriving. */
  #serve(): void {
    const answer = this.#attempt?.answer({
      replica: this.#replica as Replica,
      delivery: this.#delivery,
      abort: (error) => this.#abort?.(error),
      resume: () => this.#head?.resume(),
      release: () => this.#release(),
    });
    if (answer === undefined) return;
    this.#answer = answer;
    if (this.#head !== undefined) answer.begin(this.#head.status, this.#head.raw);
    for (const chunk of this.#chunks) answer.push(chunk);
    this.#spliced.resume(answer);
  }

  /** Reports that the exchange with the replica has ended, as far as the delivery is concerned. */
  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#delivery.released();
  }

  #onClose(): void {
    const { res, record } = this.#spliced;
    if (res.writableFinished || !this.#delivery.cancel(clientGone())) return;
    record.reason ??= "client-gone";
  }
}

/** Returns true for a chunk at the end of which an event may end. */
function endsEvent(chunk: Buffer): boolean {
  return chunk.at(-1) === 0x0a;
}

/** The head of a response, before its body is complete. */
interface ReceivedHead {
  readonly status: number;
  readonly raw: readonly string[];
  readonly resume: () => void;
  readonly replica: Replica;
  readonly length: number | undefined;
}
