/**
 * Delivers a request without parsing its body. The bodies of the request and of the response are
 * streamed with backpressure.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { endEarly } from "lutra/internal";
import { type Principal, ProtocolError, TransportError } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { Head } from "../head/head.ts";
import type { Replica } from "../replicas/replica.ts";
import type { WireHandler } from "../wire/handler.ts";
import type { RequestCopy } from "./deliver-copy.ts";
import type { Carrier } from "./delivery.ts";
import { Delivery } from "./delivery.ts";
import type { Fleet } from "./fleet.ts";
import { nonceHeader, type StreamToken } from "./own-token.ts";
import { awaitBody, BodyStream, hasBody, type OnWait } from "./request-body.ts";
import { endWith, flushHeaders } from "./response-body.ts";
import { faultOf, isChallenged } from "./response-status.ts";
import { scopeFailureOf, scopesIn } from "./scope-challenge.ts";
import {
  challengeIn,
  completeChallenges,
  headerOf,
  type RequestHeaders,
  readResponseHead,
  removeChallenges,
  withTraceHeaders,
} from "./stream-headers.ts";
import { clientGone, type Failure, failureOf, phaseError } from "./upstream-error.ts";

/** A request that is passed through without being parsed. */
export interface Forward {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly head: Head;
  readonly record: ExchangeRecord;
  /** The caller, if the gateway verified it. */
  readonly principal: Principal | undefined;
  /** Returns a challenge of the upstream as clients of the gateway need it. @default as it is */
  readonly complete?: ((challenge: string) => string) | undefined;
  /** Answers in place of the upstream. `body` is the request's body, if it is complete. */
  readonly refuse: (forward: Forward, error: ProtocolError, body?: Buffer | null) => void;
  /** Sends a copy of the request to a second upstream. */
  readonly shadow?: ((copy: RequestCopy) => void) | undefined;
}

/**
 * Returns a function that delivers a request, or refuses it if no response can be forwarded.
 *
 * @param tokenOf Returns the gateway's own token for a request. By default, it sends none
 */
export function createStreamDelivery(
  fleet: Fleet,
  requestHeaders: RequestHeaders,
  tokenOf: (forward: Forward) => StreamToken | undefined = () => undefined,
): (forward: Forward) => void {
  return (forward) => {
    const token = tokenOf(forward);
    new StreamCarrier(forward, fleet, { requestHeaders, token }).start();
  };
}

interface StreamHeaders {
  readonly requestHeaders: RequestHeaders;
  /** The token of the gateway, for an upstream that needs one. */
  readonly token: StreamToken | undefined;
}

class StreamCarrier implements Carrier<Replica>, WireHandler {
  readonly #forward: Forward;
  readonly #delivery: Delivery<Replica>;
  readonly #headers: readonly string[];
  readonly #token: StreamToken | undefined;
  readonly #fleet: Fleet;
  #body: Buffer | BodyStream | null = null;
  #isCopied = false;
  #replica: Replica | undefined;
  /** Set once the exchange has a connection. */
  #abort: ((error: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  /** True while a refusal is read, after which the request is sent with another token. */
  #isRenewing = false;
  /** Ends the wait for another token. Set while there is one. */
  #renewal: AbortController | undefined;
  #length: number | undefined;

  constructor(forward: Forward, fleet: Fleet, { requestHeaders, token }: StreamHeaders) {
    const { head, record, principal } = forward;
    this.#forward = forward;
    this.#token = token;
    this.#fleet = fleet;
    this.#headers = requestHeaders(head.headers, principal);
    this.#delivery = new Delivery(this, fleet, { method: head.method, name: head.name, record });
  }

  /** Enters the queue only once the body has arrived, so that a slow client holds no slot. */
  start(): void {
    const { req, res } = this.#forward;
    // Must run before the access log's `close` listener, which reads the record.
    res.prependOnceListener("close", () => this.#onClose());
    if (!hasBody(req)) {
      this.#delivery.start();
      return;
    }
    awaitBody(req, {
      onBody: (body) => {
        this.#body = Buffer.isBuffer(body) ? body : this.#createStream(body);
        this.#delivery.start();
      },
      onSlow: () => this.#delivery.expire("body"),
    });
  }

  send(replica: Replica): void {
    const { method = "POST" } = this.#forward.req;
    this.#replica = replica;
    this.#abort = undefined;
    if (!(this.#body instanceof BodyStream)) this.#copy(this.#body);
    const options = {
      path: replica.path,
      method,
      headers: this.#sentHeaders,
      body: this.#body,
    };
    replica.pool.dispatch(options, this);
  }

  /** The headers with the token of the gateway and the span of the attempt, if there are any. */
  get #sentHeaders(): readonly string[] {
    const carried = this.#delivery.attempt?.carried;
    const headers = this.#token?.addTo(this.#headers) ?? this.#headers;
    return carried === undefined ? headers : withTraceHeaders(headers, carried);
  }

  rewind(): boolean {
    return !(this.#body instanceof BodyStream);
  }

  abort(error: TransportError): void {
    this.#renewal?.abort(error);
    this.#abort?.(error);
  }

  /** Refuses the request, or closes the connection if part of the response was already sent. */
  fail(error: ProtocolError): void {
    const { res, record, refuse } = this.#forward;
    if (res.headersSent) {
      res.destroy();
      return;
    }
    record.code = error.code;
    this.#dropBody();
    refuse(this.#forward, error, this.#body instanceof BodyStream ? null : this.#body);
  }

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    if (!this.#delivery.connected()) abort(phaseError("connect"));
  }

  onHeaders(status: number, raw: readonly string[], resume: () => void): boolean {
    // Informational responses are for this connection only.
    if (status < 200) return true;
    const { req, res } = this.#forward;
    this.#resume = resume;
    // A partial request is the last of its connection, because its rest would precede the next.
    const { name } = this.#replica as Replica;
    const { headers, contentType, length } = readResponseHead(raw, name, !req.complete);
    this.#delivery.answered(faultOf(status, contentType));
    this.#token?.seeNonce(headerOf(headers, nonceHeader));
    if (this.#isRefused(status, headers)) return true;
    this.#length = length;
    if (!(this.#body instanceof BodyStream)) this.#body = null;
    if (isChallenged(status)) this.#replaceChallenges(headers);
    res.writeHead(status, headers);
    // The body of a stream may begin much later, so the head is sent on its own.
    if (length === undefined) process.nextTick(flushHeaders, res);
    return true;
  }

  onData(chunk: Buffer): boolean {
    const { req, res } = this.#forward;
    if (this.#isRenewing || res.writableEnded) return true;
    if (chunk.length === this.#length && req.complete) {
      endWith(res, chunk);
      return true;
    }
    if (res.write(chunk)) {
      this.#delivery.waitFor("idle");
      return true;
    }
    // The client is the slow side.
    this.#delivery.waitFor("total");
    res.once("drain", () => {
      this.#delivery.waitFor("idle");
      this.#resume?.();
    });
    return false;
  }

  onComplete(): void {
    const { req, res } = this.#forward;
    this.#delivery.released();
    if (this.#isRenewing) {
      void this.#renew();
      return;
    }
    this.#delivery.done();
    if (res.writableEnded) return;
    this.#dropBody();
    if (req.complete) res.end();
    else endEarly(res);
  }

  onError(error: Error): void {
    const delivery = this.#delivery;
    delivery.released();
    const isUnsendable = delivery.stage === "answering" && !this.#forward.res.headersSent;
    delivery.failed(isUnsendable ? unsendable(error) : error);
  }

  /**
   * Takes a refusal of the gateway's token. The request has not run, so it is sent once more if its body
   * is still there; otherwise it fails, since a client could not obtain another token.
   */
  #isRefused(status: number, headers: readonly string[]): boolean {
    const token = this.#token;
    if (token === undefined || !isChallenged(status)) return false;
    const { name } = this.#fleet;
    if (status === 401) {
      const mayRenew = this.rewind() && token.refused(challengeIn(headers));
      return this.#renewOr(mayRenew, failureOf(name, "token-refused"));
    }
    const scopes = scopesIn(challengeIn(headers));
    if (scopes === undefined) return false;
    // The next request uses the scopes, even if this one can't be sent again.
    const mayStepUp = token.stepUp(scopes) && this.rewind();
    return this.#renewOr(mayStepUp, scopeFailureOf(name, scopes));
  }

  /** Reads the rest of a refusal, and obtains another token then; or fails the request at once. */
  #renewOr(mayRenew: boolean, failure: Failure): true {
    this.#isRenewing = mayRenew;
    if (mayRenew) return true;
    this.#delivery.refuse(failure);
    this.#abort?.(phaseError("total"));
    return true;
  }

  async #renew(): Promise<void> {
    this.#isRenewing = false;
    this.#renewal = new AbortController();
    try {
      await this.#token?.renew(this.#renewal.signal);
      this.#delivery.again();
    } catch (error) {
      this.#delivery.refuse({ reason: "credentials", error: ProtocolError.from(error) });
    } finally {
      this.#renewal = undefined;
    }
  }

  /** The challenge to a token of the gateway is not for its clients. */
  #replaceChallenges(headers: string[]): void {
    const { complete } = this.#forward;
    if (this.#token !== undefined) removeChallenges(headers);
    else if (complete !== undefined) completeChallenges(headers, complete);
  }

  #onClose(): void {
    const { res, record } = this.#forward;
    if (res.writableFinished || !this.#delivery.cancel(clientGone())) return;
    record.reason ??= "client-gone";
  }

  #copy(body: Buffer | null): void {
    const { shadow, head, principal } = this.#forward;
    if (shadow === undefined || this.#isCopied) return;
    this.#isCopied = true;
    shadow({ head, body, principal });
  }

  /** Stops reading a body that is still arriving, so that the rest of it can be discarded. */
  #dropBody(): void {
    if (this.#body instanceof BodyStream) this.#body.destroy();
  }

  #createStream(before: readonly Buffer[]): BodyStream {
    const delivery = this.#delivery;
    const onWait: OnWait = (phase) => {
      if (delivery.stage === "sent") delivery.waitFor(phase);
    };
    return new BodyStream(this.#forward.req, onWait, before);
  }
}

/** Wraps the error for a head that Node refuses to write. */
function unsendable(cause: Error): TransportError {
  return new TransportError("malformed", "The head of the response is malformed", { cause });
}
