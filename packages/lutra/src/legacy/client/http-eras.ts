/**
 * Detects the era of the server at a URL, and sends its requests accordingly.
 *
 * @spec basic/transports/streamable-http#backward-compatibility
 */

import { discover } from "../../protocol/discover.ts";
import { evidenceInVersions } from "../../protocol/earlier-revision.ts";
import { isProtocolError, type ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext, Serve } from "../../protocol/exchange.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { mayRunTwice } from "../../protocol/method.ts";
import { coreMethods } from "../../protocol/methods.ts";
import {
  isTransportError,
  TransportError,
  type TransportErrorReason,
} from "../../protocol/transport-error.ts";
import { linkAbort, unlessAborted } from "../../time/abort.ts";
import { within } from "../../time/within.ts";
import type { EraVerdict, EraVerdicts, ServerEra } from "../../transport/era.ts";
import { addressOf, type HttpClient, withDefaults } from "../../transport/http/client.ts";
import {
  type Attempt,
  attemptModern,
  type HttpEras,
  type HttpErasInit,
  isTyped,
} from "../../transport/http/era-transport.ts";
import type { PassedCall, PassedRequest } from "../../transport/passed-call.ts";
import { eraOf, fromLegacyResult } from "./from-legacy.ts";
import { HttpLink } from "./http-link.ts";
import type { OpenLink } from "./link.ts";
import { openSseLink } from "./sse-link.ts";
import { LegacyTransport } from "./transport.ts";
import { guarded, sharedVerdicts } from "./verdicts.ts";

/** Statuses of refusals that say nothing about the era: they are about the caller, or the moment. */
const ambiguousStatuses: ReadonlySet<number> = new Set([401, 402, 403, 407, 408, 425, 429, 503]);
/** Time for which a late answer in the current revision takes precedence over a session, in milliseconds. */
const graceMs = 500;
/** Statuses after which the specification tries the transport of 2024-11-05. */
const olderTransportStatuses: ReadonlySet<number> = new Set([400, 404, 405, 406, 415]);
/** Codes of connections that were not made. */
const unreachableCodes: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"],
  ...["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"],
]);
/** Errors that only the current revision has. */
const modernReasons: ReadonlySet<string> = new Set([
  "headerMismatch",
  "missingRequiredClientCapability",
]);
const methods = new Map(coreMethods.map((method) => [method.name, method]));

/** Creates the era selection of one URL. */
export function createHttpEras(init: HttpErasInit): HttpEras {
  return new Eras(init);
}

class Eras implements HttpEras {
  era: ServerEra | undefined;
  readonly #init: HttpErasInit;
  readonly #client: HttpClient;
  readonly #verdicts: EraVerdicts;
  readonly #closed = new AbortController();
  #legacy: LegacyTransport | undefined;
  #hasReadVerdict = false;
  #probing: Promise<ServerEra | undefined> | undefined;

  constructor(init: HttpErasInit) {
    this.#init = init;
    this.#client = withDefaults(init.url, init.options);
    this.#verdicts = guarded(init.verdicts ?? sharedVerdicts);
    this.era = eraOf(init.era);
    this.#hasReadVerdict = this.#isFixed;
  }

  get version(): string | undefined {
    return this.era === "legacy" && this.#legacy?.isOpen ? this.#legacy.version : undefined;
  }

  /** True when the option `era` names the era. */
  get #isFixed(): boolean {
    return eraOf(this.#init.era) !== undefined;
  }

  readonly serve: Serve = async (request, context) => {
    await this.#readVerdict();
    if (this.era === "legacy") return this.#serveLegacy(request, context);
    const { modern } = this.#init;
    if (this.era === "modern") return modern.serve(request, context);
    return this.#attempt(request, context);
  };

  async recover(
    request: JSONRPCRequest,
    context: RequestContext,
    attempt: Attempt,
  ): Promise<Result> {
    if (context.signal.aborted || this.#closed.signal.aborted) return outcomeOf(attempt);
    const era = await unlessAborted(this.#determine(request, attempt), context.signal);
    if (era !== "legacy") return outcomeOf(attempt);
    if (isRepeatable(request, attempt)) return this.#serveLegacy(request, context);
    if ("result" in attempt) return fromLegacyResult(attempt.result, request.method);
    const message =
      `${this.#client.address}: the server speaks an earlier revision of MCP, and did not answer ` +
      `${request.method} as a request of the current one. It may have been executed; call it again ` +
      "if that is safe";
    throw new TransportError("closed", message, { cause: attempt.error });
  }

  async suspect(request: JSONRPCRequest, answered?: AbortSignal): Promise<boolean> {
    this.#probing ??= this.#probe(request, answered).finally(() => {
      this.#probing = undefined;
    });
    return (await this.#probing) === "legacy";
  }

  pass(passed: PassedRequest): PassedCall | undefined {
    return this.era === "legacy" ? this.#legacy?.pass(passed) : undefined;
  }

  readonly abandon = (requestState: string): void => this.#legacy?.abandon(requestState);

  async close(): Promise<void> {
    this.#closed.abort(new TransportError("closed", "The transport was closed"));
    await this.#legacy?.close();
    await this.#init.release?.();
  }

  async #readVerdict(): Promise<void> {
    if (this.#hasReadVerdict) return;
    this.#hasReadVerdict = true;
    const verdict = await this.#verdicts.get(this.#client.address);
    if (verdict === undefined || this.era !== undefined) return;
    if (verdict.era !== "legacy") return;
    this.#legacy = this.#create(verdict.transport ?? "http");
    this.era = "legacy";
  }

  async #attempt(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const suspect = (answered: AbortSignal) => this.suspect(request, answered);
    const attempt = await attemptModern(this.#init, { request, context, suspect });
    if (isTyped(attempt)) {
      await this.#decide({ era: "modern" });
      return attempt.result;
    }
    return this.recover(request, context, attempt);
  }

  /** Sends a request over the session. A verdict that has become wrong is forgotten. */
  async #serveLegacy(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const legacy = this.#legacy ?? (await this.#openFixed(request, context));
    try {
      if (!legacy.isOpen) await unlessAborted(legacy.open(request), context.signal);
    } catch (error) {
      if (this.#isFixed || context.signal.aborted || !isRefusal(error)) throw error;
      this.era = undefined;
      this.#legacy = undefined;
      await this.#verdicts.delete(this.#client.address);
      return this.#attempt(request, context);
    }
    return legacy.serve(request, context);
  }

  /** Opens the transport for a fixed era. */
  async #openFixed(request: JSONRPCRequest, { signal }: RequestContext): Promise<LegacyTransport> {
    this.#probing ??= this.#openLegacy(request)
      .then((opened) => this.#use(opened))
      .finally(() => {
        this.#probing = undefined;
      });
    await unlessAborted(this.#probing, signal);
    return this.#legacy as LegacyTransport;
  }

  /** Returns the era that an attempt shows, if necessary after a probe. */
  async #determine(request: JSONRPCRequest, attempt: Attempt): Promise<ServerEra | undefined> {
    if (this.era !== undefined) return this.era;
    const evidence = "error" in attempt ? evidenceIn(attempt.error) : "unclear";
    if (evidence === "none") return undefined;
    if (evidence === "modern") return this.#decide({ era: "modern" });
    await this.suspect(request);
    // A server that is modern except for the type of its results counts as modern.
    return this.era ?? ("result" in attempt ? this.#decide({ era: "modern" }) : undefined);
  }

  /**
   * Asks for `server/discover`, and then tries `initialize`. A server that is only slow may speak both
   * eras, so its late answers in the current one take precedence over a session.
   */
  async #probe(request: JSONRPCRequest, answered?: AbortSignal): Promise<ServerEra | undefined> {
    if (this.era !== undefined) return this.era;
    const { probeTimeoutMs = 3000 } = this.#init;
    const controller = linkAbort(this.#closed.signal);
    const discovered = this.#discover(request, controller.signal);
    try {
      const evidence = await soon(discovered, probeTimeoutMs);
      if (answered?.aborted) return undefined;
      if (evidence === "none") return undefined;
      if (evidence === "modern") return await this.#decide({ era: "modern" });
      const opened = await this.#openLegacy(request).catch(() => undefined);
      if (opened === undefined) return undefined;
      const late = await this.#confirm(request, {
        evidence,
        discovered,
        signal: controller.signal,
      });
      if (late !== "modern" && !answered?.aborted) return await this.#use(opened);
      await opened.legacy.close();
      return await this.#decide({ era: "modern" });
    } finally {
      controller.abort();
    }
  }

  /** Returns the evidence for the current revision at a server that has accepted a session. */
  #confirm(
    request: JSONRPCRequest,
    {
      evidence,
      discovered,
      signal,
    }: {
      readonly evidence: EraEvidence | "silent";
      readonly discovered: Promise<EraEvidence>;
      readonly signal: AbortSignal;
    },
  ): Promise<EraEvidence | "silent"> {
    if (evidence === "silent") return soon(discovered, graceMs);
    if (evidence !== "broken") return Promise.resolve(evidence);
    // The server may have been restarting, and speak both eras.
    return soon(this.#discover(request, signal), this.#init.probeTimeoutMs ?? 3000);
  }

  async #discover({ params }: JSONRPCRequest, signal: AbortSignal): Promise<EraEvidence> {
    const _meta = isObject(params?._meta) ? params._meta : {};
    const request = {
      jsonrpc: "2.0",
      id: "era",
      method: discover.name,
      params: { _meta },
    } as const;
    try {
      const result = await this.#init.modern.serve(request, { signal, notify: () => {} });
      if (!Array.isArray(result.supportedVersions)) return "unclear";
      return evidenceInVersions(result.supportedVersions) === undefined ? "modern" : "unclear";
    } catch (error) {
      return evidenceIn(error);
    }
  }

  /** Opens a session by Streamable HTTP, or else by HTTP+SSE. */
  async #openLegacy(request: JSONRPCRequest): Promise<Opened> {
    try {
      return await this.#openBy("http", request);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined || !olderTransportStatuses.has(status)) throw error;
      return this.#openBy("sse", request).catch(() => {
        throw error;
      });
    }
  }

  async #openBy(transport: "http" | "sse", request: JSONRPCRequest): Promise<Opened> {
    const legacy = this.#create(transport);
    try {
      await legacy.open(request);
      return { legacy, transport };
    } catch (error) {
      await legacy.close();
      throw error;
    }
  }

  #use({ legacy, transport }: Opened): Promise<ServerEra> {
    this.#legacy = legacy;
    return this.#decide({ era: "legacy", transport });
  }

  #create(transport: "http" | "sse"): LegacyTransport {
    const client = this.#client;
    const send = client.fetch ?? this.#init.send ?? fetch;
    const openLink: OpenLink =
      transport === "http"
        ? async (listener) => new HttpLink(client, send, listener)
        : (listener) => openSseLink(client, send, listener);
    const { answer, era, inputWaitMs } = this.#init;
    const server = addressOf(client.url);
    return new LegacyTransport(openLink, { server, version: era, answer, inputWaitMs });
  }

  async #decide(verdict: EraVerdict): Promise<ServerEra> {
    this.era = verdict.era;
    if (!this.#isFixed) await this.#verdicts.set(this.#client.address, verdict);
    return verdict.era;
  }
}

/**
 * The meaning of an answer: `none` for one that says nothing about the era, `broken` for a failure that
 * may be temporary.
 */
type EraEvidence = "modern" | "unclear" | "broken" | "none";

/** A session, and the transport that carries it. */
interface Opened {
  readonly legacy: LegacyTransport;
  readonly transport: "http" | "sse";
}

/** Resolves to `silent` when there is no evidence within a time, in milliseconds. */
async function soon(evidence: Promise<EraEvidence>, ms: number): Promise<EraEvidence | "silent"> {
  const tooLate = () => new TransportError("timeout", `No response to ${discover.name}`);
  return within({ ms, tooLate }, () => evidence).catch(() => "silent" as const);
}

function evidenceIn(error: unknown): EraEvidence {
  const status = statusOf(error);
  if (status !== undefined && ambiguousStatuses.has(status)) return "none";
  if (isProtocolError(error)) return protocolEvidence(error);
  if (!isTransportError(error) || isUnreachable(error)) return "none";
  return transportEvidence[error.reason] ?? ((status ?? 0) >= 500 ? "broken" : "unclear");
}

function protocolEvidence({ reason, data }: ProtocolError): EraEvidence {
  if (modernReasons.has(reason)) return "modern";
  if (reason !== "unsupportedProtocolVersion") return "unclear";
  const supported = isObject(data) ? data.supported : undefined;
  // A list without a modern version names the legacy ones that the server speaks.
  return evidenceInVersions(supported) === undefined ? "modern" : "unclear";
}

const transportEvidence: { readonly [Reason in TransportErrorReason]?: EraEvidence } = {
  aborted: "none",
  timeout: "none",
  closed: "broken",
};

/** Returns true when no server has been reached. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return unreachableCodes.has(String(code)) || isUnreachable(error.cause);
}

function outcomeOf(attempt: Attempt): Result {
  if ("error" in attempt) throw attempt.error;
  return attempt.result;
}

/** Returns the HTTP status of an error, as far as it has one. */
function statusOf(error: unknown): number | undefined {
  return isProtocolError(error) || isTransportError(error) ? error.status : undefined;
}

/** Returns true for an answer that refuses `initialize`, and not for a failed connection. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined && ambiguousStatuses.has(status)) return false;
  return isProtocolError(error) || (isTransportError(error) && error.reason !== "closed");
}

/** Returns true when a second execution of the request is impossible or harmless. */
function isRepeatable(request: JSONRPCRequest, attempt: Attempt): boolean {
  if (mayRunTwice(methods.get(request.method))) return true;
  if (!("error" in attempt)) return false;
  const { error } = attempt;
  if (isProtocolError(error)) return error.reason !== "internalError";
  const status = statusOf(error);
  return status !== undefined && status < 500;
}
