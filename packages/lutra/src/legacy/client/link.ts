/** The connection to a legacy server, as far as its sessions need to know it. */
import type { JSONObject } from "../../protocol/json.ts";
import { TransportError } from "../../protocol/transport-error.ts";

/** Receives decoded messages of the server. */
type Receive = (message: unknown) => void;

/** The listeners of a link. */
export interface LinkListener {
  /** Called with the messages that belong to no request in particular. */
  readonly onMessage: Receive;
  /** Called when messages may have been lost. The session stays open. */
  readonly onGap: (error: unknown) => void;
  /** Called when the connection has ended, and with it the session. */
  readonly onEnd: (error: TransportError) => void;
}

/** One request, as its link sees it. */
export interface LinkExchange {
  /** Ends the exchange early. */
  readonly signal: AbortSignal;
  /** Called with the messages that arrive on the stream of the request. */
  readonly onMessage: Receive;
  /** Takes the place of `fetch` for this request. */
  readonly send?: typeof fetch | undefined;
}

/** The parts of a link with which another one can send requests of its session. */
export interface Passing {
  readonly headers: Readonly<Record<string, string>>;
  /** True when it is known whether the server has a stream for messages that belong to no request. */
  readonly hasStream: boolean;
}

/** A connection to one legacy server. */
export interface Link {
  /**
   * Sends a message. With an exchange, the promise resolves when all messages have been received that
   * the server sends for the request, or at once where all requests share one channel.
   *
   * @throws {SessionOver} when the server no longer knows the session; it has not executed the request
   * @throws {TransportError} when the connection fails
   */
  readonly send: (message: JSONObject, exchange?: LinkExchange) => Promise<void>;
  /** Absent before the session is open, and where all requests share one channel. */
  readonly passing?: Passing | undefined;
  /** Adds the version that `initialize` has chosen to later messages. */
  readonly setVersion: (version: string) => void;
  /**
   * Opens the stream for messages that belong to no request. Resolves to false for a server without
   * one.
   *
   * @throws {SessionOver} when the server no longer knows the session
   * @throws {TransportError} when the connection fails
   */
  readonly openStream: () => Promise<boolean>;
  /** Ends the session. */
  readonly close: () => Promise<void>;
}

/** Opens a link, whose messages go to the listener. */
export type OpenLink = (listener: LinkListener) => Promise<Link>;

/** The error of a request that the server refused because it no longer knows the session. */
export class SessionOver extends TransportError {
  constructor(server: string, cause: unknown) {
    super("closed", `${server}: the server no longer knows the session`, { cause });
  }
}
