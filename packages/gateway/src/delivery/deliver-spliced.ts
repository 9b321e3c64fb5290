/**
 * Delivers a request whose name was replaced in its bytes. A response that the client can get as it is
 * is passed on unparsed. Every other outcome becomes an `Answer`, with which the request is served.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type HttpSender, isJSON, type ResponseHeaders } from "lutra/internal";
import {
  encodeHeaderValue,
  headerNames,
  type Principal,
  type ProtocolError,
  type TransportError,
} from "lutra/protocol";
import type { Dispatcher } from "undici";
import { type ExchangeRecord, replicaHeader } from "../exchange-record.ts";
import type { Replica } from "../replicas/replica.ts";
import { type Carrier, Delivery } from "./delivery.ts";
import type { Fleet } from "./fleet.ts";
import { type Answer, failedAnswer, OpenAnswer } from "./open-answer.ts";
import { endWith } from "./response-body.ts";
import { freeBytes, type ResponseBudget } from "./response-budget.ts";
import { faultOf } from "./response-status.ts";
import { headerOf, type RequestHeaders, readResponseHead } from "./stream-headers.ts";
import { clientGone, phaseError } from "./upstream-error.ts";

/** A request with the name of its entry at the upstream. */
export interface Spliced {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly record: ExchangeRecord;
  readonly principal: Principal | undefined;
  readonly cors: ResponseHeaders;
  /** The name at the upstream. */
  readonly name: string;
  readonly body: Buffer;
  /** Returns true for the text of a response, in Latin-1, that the client can get as it is. */
  readonly isFinal: (text: string) => boolean;
  /** Serves the request with the answer of the upstream. Called at most once. */
  readonly resume: (answer: Answer) => void;
}

/** Maximum size of a response that is passed on unparsed. Its memory need not be counted. */
const maxFinalBytes = freeBytes;

/** Creates the function that delivers requests. It always answers. */
export function createSplicedDelivery(
  fleet: Fleet,
  requestHeaders: RequestHeaders,
  parsing: Parsing,
): (spliced: Spliced) => void {
  return (spliced) => new SplicedCarrier(spliced, fleet, { requestHeaders, ...parsing }).start();
}

interface Parsing {
  /** Reads the responses that are not passed on. */
  readonly send: HttpSender;
  /** Their memory. */
  readonly responses: ResponseBudget;
}

interface Sending extends Parsing {
  readonly requestHeaders: RequestHeaders;
}

/** The parts of an `OpenAnswer` that all requests share. */
interface Reading extends Parsing {
  readonly upstream: string;
}

/** Implements undici's older handler interface, as `StreamCarrier` does. */
class SplicedCarrier implements Carrier<Replica>, Dispatcher.DispatchHandler {
  readonly #spliced: Spliced;
  readonly #delivery: Delivery<Replica>;
  readonly #headers: string[];
  readonly #reading: Reading;
  #replica: Replica | undefined;
  #abort: ((error: Error) => void) | undefined;
  #head: ReceivedHead | undefined;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  /** Set once the request is being served. */
  #answer: OpenAnswer | undefined;

  constructor(spliced: Spliced, fleet: Fleet, sending: Sending) {
    const { record, principal, name } = spliced;
    const { head } = record;
    this.#spliced = spliced;
    const { requestHeaders, ...parsing } = sending;
    this.#reading = { upstream: fleet.name, ...parsing };
    this.#headers = [...requestHeaders(splicedHeaders(head.headers, name), principal)];
    this.#delivery = new Delivery(this, fleet, { method: head.method, name, record });
  }

  start(): void {
    // Must run before the access log's `close` listener, which reads the record.
    this.#spliced.res.prependOnceListener("close", () => this.#onClose());
    this.#delivery.start();
  }

  send(replica: Replica): void {
    this.#replica = replica;
    this.#abort = undefined;
    const options = { path: replica.path, headers: this.#headers, body: this.#spliced.body };
    replica.pool.dispatch({ ...options, method: "POST" }, this);
  }

  rewind(): boolean {
    return true;
  }

  abort(error: TransportError): void {
    this.#abort?.(error);
  }

  fail(error: ProtocolError): void {
    if (this.#answer === undefined) this.#spliced.resume(failedAnswer(error));
    else this.#answer.fail(error);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (!this.#delivery.connected()) abort(phaseError("connect"));
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    const replica = this.#replica;
    if (status < 200 || replica === undefined) return true;
    const { headers, contentType, length } = readResponseHead(raw, replica.name, false);
    this.#delivery.answered(faultOf(status, contentType));
    this.#head = { status, raw, resume, replica, length };
    const isEncoded = headerOf(headers, "content-encoding") !== undefined;
    const isShort = length === undefined || length <= maxFinalBytes;
    if (status !== 200 || isEncoded || !isShort || !isJSON(contentType)) this.#serve(this.#head);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#answer !== undefined) return this.#answer.push(chunk);
    this.#delivery.waitFor("idle");
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const isWhole = this.#size === this.#head?.length;
    if (isWhole || this.#size > maxFinalBytes) this.#end(isWhole);
    return true;
  }

  onComplete(): void {
    this.#delivery.released();
    this.#end(true);
    if (this.#answer === undefined) this.#delivery.done();
    else this.#answer.end();
  }

  onError(error: Error): void {
    this.#delivery.released();
    if (this.#answer === undefined) this.#delivery.failed(error);
    else this.#answer.break(error);
  }

  /** Passes the response on, or serves the request with it. Does nothing once either has begun. */
  #end(isWhole: boolean): void {
    const head = this.#head;
    const { res, cors, isFinal } = this.#spliced;
    if (head === undefined || this.#answer !== undefined || res.headersSent) return;
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    if (!isWhole || !isFinal(body.toString("latin1"))) {
      this.#serve(head).push(body);
      return;
    }
    if (res.destroyed) return;
    res.writeHead(200, {
      [replicaHeader]: head.replica.name,
      "content-type": "application/json",
      "content-length": body.length,
      ...cors,
    });
    endWith(res, body);
  }

  #serve({ status, raw, resume, replica }: ReceivedHead): OpenAnswer {
    const controls = { resume, abort: (error: Error) => this.#abort?.(error) };
    const parts = { status, raw, replica, delivery: this.#delivery, ...this.#reading };
    this.#answer = new OpenAnswer(parts, controls);
    this.#spliced.resume(this.#answer);
    return this.#answer;
  }

  #onClose(): void {
    const { res, record } = this.#spliced;
    if (res.writableFinished || !this.#delivery.cancel(clientGone())) return;
    record.reason ??= "client-gone";
  }
}

/** The head of a response, before its body is complete. */
interface ReceivedHead {
  readonly status: number;
  readonly raw: readonly Buffer[];
  readonly resume: () => void;
  readonly replica: Replica;
  readonly length: number | undefined;
}

/**
 * Returns the headers of the client with another name. undici adds the length. A response in another
 * encoding could not be read.
 */
function splicedHeaders(headers: readonly string[], name: string): readonly string[] {
  const sent: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const header = headers[index] as string;
    if (header === "content-length" || header === "accept-encoding") continue;
    const value = headers[index + 1] as string;
    sent.push(header, header === headerNames.name ? encodeHeaderValue(name) : value);
  }
  sent.push("accept-encoding", "identity");
  return sent;
}
