/** The paths below `api/`: what a view of the page asks its server. */
import type { JSONObject } from "lutra/protocol";

/** A request of the page. */
export interface ApiRequest {
  readonly query: URLSearchParams;
  /** The JSON object of a `POST`; empty for a `GET`. */
  readonly body: JSONObject;
  /** Aborted when the page no longer waits. */
  readonly signal: AbortSignal;
}

/** A request of the page for a stream of events. */
export interface StreamRequest extends ApiRequest {
  /**
   * Returns false while the page has not read earlier events. A stream of states then skips some, so
   * that a slow page gets the current one.
   */
  readonly isReading: () => boolean;
}

/** Sends one event to the page. Does nothing once the page has disconnected. */
export type SendEvent = (event: string, data: unknown) => void;

/** A path that answers with one JSON value. */
export interface ApiCall {
  /** Changes need `POST`. */
  readonly method: "GET" | "POST";
  /** The path after `api/`, such as `explore/call`. */
  readonly path: string;
  /** Resolves to a value that JSON can express. An `ApiError` is shown in the page. */
  readonly serve: (request: ApiRequest) => unknown;
}

/** A path that answers with a stream of events. */
export interface ApiStream {
  readonly path: string;
  /** Sends events. The stream stays open until the page disconnects. */
  readonly stream: (send: SendEvent, request: StreamRequest) => void | Promise<void>;
}

export type ApiRoute = ApiCall | ApiStream;
