/** Forwards a request with its name replaced in its bytes, or serves it once it has to be parsed. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRules, ReadHeader, ResponseHeaders } from "lutra/internal";
import type { Principal, RequestContext } from "lutra/protocol";
import { keepAnswer } from "./delivery/kept-answer.ts";
import type { Answer } from "./delivery/open-answer.ts";
import { readCall } from "./delivery/read-call.ts";
import { awaitFirst, maxKeptBytes } from "./delivery/request-body.ts";
import { observeMeta } from "./eras/observe-client.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import { isFinalResult } from "./merge/final-result.ts";
import { keepTarget } from "./merge/kept-target.ts";
import type { Splice } from "./routes/action.ts";

/** Adds to the context of a request that is served. */
export type Prepare = (context: RequestContext) => void;

export interface SplicedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly record: ExchangeRecord;
  readonly header: ReadHeader;
  readonly cors: ResponseHeaders;
  readonly principal: Principal | undefined;
  readonly splice: Splice;
  /** Parses the request and serves it; resolves when it is answered. */
  readonly serve: (prepare?: Prepare) => Promise<void>;
}

/** Returns true if the body of a request has a known length within the limits. */
export function mayBeSpliced(
  { headers }: IncomingMessage,
  { maxBodyBytes, maxBodyValues }: HttpRules,
): boolean {
  const length = Number(headers["content-length"]);
  // A body has fewer values than bytes.
  return length > 0 && length <= Math.min(maxKeptBytes, maxBodyBytes, maxBodyValues);
}

export function serveSpliced(request: SplicedRequest): void {
  awaitFirst(request.req, {
    onBody: (body) => sendBody(body, request),
    onPart: () => void request.serve(),
  });
}

function sendBody(body: Buffer, request: SplicedRequest): void {
  const { req, res, record, header, cors, principal, splice } = request;
  const { method = "", name = "" } = record.head;
  const serve = (prepare?: Prepare) => {
    // The bytes can't be read from the request twice.
    Object.assign(req, { body });
    return request.serve(prepare);
  };
  const read = readCall(body, { method, name });
  if (read === undefined) return void serve();
  const { target, send } = splice;
  observeMeta(record, read.meta);
  if (target !== undefined) record.subject = target.subject;
  const resume = (answer?: Answer) => {
    const kept = (context: RequestContext) => {
      if (target !== undefined) keepTarget(context, Promise.resolve(target));
      if (answer !== undefined) keepAnswer(context, answer);
    };
    void serve(kept).finally(() => answer?.drop());
  };
  // A member behind a spread would cost more than all others: V8 makes a hidden class for each object.
  send({
    req,
    res,
    record,
    header,
    principal,
    cors,
    read,
    resume,
    name: target?.original ?? name,
    isFinal: (text) => isFinalResult(text, read.id),
  });
}
