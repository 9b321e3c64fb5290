/**
 * Handles the requests to the MCP endpoint of the gateway: reads the head, finds the route, and
 * then refuses the request, forwards its body unread, or reads and serves it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { headerReader, screenRequest, targetOf } from "lutra/internal";
import type { Callers } from "./callers.ts";
import type { EndpointTable, HandlerSettings } from "./endpoint-table.ts";
import { createRecord, type ExchangeRecord } from "./exchange-record.ts";
import { fail, type HandledRequest } from "./handled-request.ts";
import { unreadHead } from "./head/page-head.ts";
import { readHead } from "./head/read-head.ts";
import { OpenExchanges } from "./open-exchanges.ts";
import { route } from "./perform.ts";
import { refuse, starting } from "./refuse.ts";
import { answerRefused, serveUnversioned } from "./serve-unversioned.ts";
import { signInPath } from "./sign-in/sign-in-path.ts";
import { traceInHeaders } from "./tracing/start-trace.ts";

/** Called once when an exchange has ended. */
export type OnEnd = (record: ExchangeRecord, req: IncomingMessage, res: ServerResponse) => void;

export class RequestHandler {
  readonly #onEnd: OnEnd;
  readonly #exchanges = new OpenExchanges<EndpointTable>();

  constructor(onEnd: OnEnd) {
    this.#onEnd = onEnd;
  }

  /**
   * Applies the settings of all endpoints. Until the first call, requests are refused with 503.
   * Resolves once all exchanges that began under earlier settings have ended.
   */
  use(endpoints: EndpointTable): Promise<void> {
    return this.#exchanges.use(endpoints);
  }

  /** The current endpoints. Undefined until the first call of `use`. */
  get endpoints(): EndpointTable | undefined {
    return this.#exchanges.settings;
  }

  /** Answers a request for any path; those that no endpoint has with 404. */
  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    const { endpoints } = this;
    if (endpoints === undefined) return void refuse(req, res, starting());
    const found = endpoints.find(req);
    if (found === undefined) this.#handleOther(req, res, endpoints);
    else this.#handleAt(req, res, found);
  };

  /** Answers a request for a page of sign-ins, or for a path that no endpoint has. */
  #handleOther(req: IncomingMessage, res: ServerResponse, endpoints: EndpointTable): void {
    const record = this.#record(req, res);
    const { peers } = endpoints.all[0] ?? {};
    if (peers) record.head = unreadHead(req, peers);
    const main = endpoints.mainAt(req);
    const page = main?.pages && pageIn(targetOf(req).path, main.path);
    record.reason = page === undefined ? "path" : "sign-in";
    if (page !== undefined) void main?.pages?.handle(req, res, page);
    else res.writeHead(404, { "content-length": 0 }).end();
  }

  /** Answers a request for an endpoint. */
  #handleAt(req: IncomingMessage, res: ServerResponse, settings: HandlerSettings): void {
    const record = this.#record(req, res, settings);
    const header = headerReader(req);
    const { refusal, cors } = screenRequest(req, header, settings.endpoint.rules);
    const handled: HandledRequest = { req, res, record, header, cors, settings };
    if (refusal) {
      answerRefused(refusal, handled);
      return;
    }
    try {
      record.head = readHead(req, settings.peers);
      const { callers, endpoint } = settings;
      if (record.head.version === undefined && endpoint.legacy) void serveUnversioned(handled);
      else if (callers === undefined) route(handled, settings.plan, undefined);
      else void this.#routeIdentified(handled, callers);
    } catch (error) {
      fail(handled, error);
    }
  }

  /** Checks the credentials before any response that depends on the routes. */
  async #routeIdentified(handled: HandledRequest, callers: Callers): Promise<void> {
    try {
      const principal = await callers.identify(handled.header, handled.record.head);
      // No delivery would learn that the client has disconnected in the meantime.
      if (handled.res.destroyed) return;
      // A reload may have replaced the plan in the meantime.
      const { plan } = this.endpoints?.named(handled.settings.name) ?? handled.settings;
      route(handled, plan, principal);
    } catch (error) {
      fail(handled, error);
    }
  }

  /** Creates the record of an exchange and completes it when the response closes. */
  #record(req: IncomingMessage, res: ServerResponse, settings?: HandlerSettings): ExchangeRecord {
    const record = createRecord();
    record.endpoint = settings?.name;
    const { socket } = req;
    const writtenBefore = socket.bytesWritten;
    const term = this.#exchanges.begin();
    // A response closes once. `once` would allocate a wrapper for each request.
    res.on("close", () => {
      record.ms = performance.now() - record.startedAt;
      this.#endTrace(record, req, res);
      if (record.shares !== undefined) for (const share of record.shares) share.release();
      record.bytesOut = socket.bytesWritten - writtenBefore;
      term?.end();
      this.#onEnd(record, req, res);
    });
    return record;
  }

  /** Ends the span of an exchange. One that was refused by its head has none yet. */
  #endTrace(record: ExchangeRecord, req: IncomingMessage, res: ServerResponse): void {
    const startTrace = this.endpoints?.all[0]?.startTrace;
    if (startTrace === undefined) return;
    record.trace ??= startTrace(record, traceInHeaders(headerReader(req)));
    record.trace.end(res.headersSent ? res.statusCode : 0);
  }
}

/** Returns the path of a page of sign-ins below that of all pages; undefined for other paths. */
function pageIn(sent: string, endpoint: string): string | undefined {
  const base = endpoint.replace(/\/$/, "") + signInPath;
  return sent === base || sent.startsWith(`${base}/`) ? sent.slice(base.length) : undefined;
}
