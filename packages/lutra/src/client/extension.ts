/**
 * Client extensions. An extension has no effect until it is listed in the options of a client.
 *
 * @spec basic/versioning#extension-negotiation
 */
import type { Middleware } from "../protocol/exchange.ts";
import type { ExtensionStage } from "../protocol/extension-stage.ts";
import type { InputRequest, InputRequests } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { CallToolResult } from "../protocol/tools.ts";
import type { Client } from "./client-types.ts";
import type { InputOptions } from "./request-options.ts";

/** An extension of a client. */
export interface ClientExtension {
  /** The id, `{vendor}/{name}`. Declared in every request. */
  readonly id: string;
  /** Declared along with the id. @default {} */
  readonly settings?: JSONObject;
  /** The maturity of the extension's specification. For programs and people; never sent. */
  readonly stage?: ExtensionStage;
  /** The text of the specification that is implemented: a date, a version or a commit. Never sent. */
  readonly revision?: string;
  /** Ids of extensions that must be listed before this one. @default [] */
  readonly requires?: readonly string[];
  /** Methods that it adds. Their members determine the headers, caching and retries of requests. */
  readonly methods?: readonly Method[];
  /**
   * Result types that it adds, each with the methods that may return it. A result of an unknown
   * type is an error.
   */
  readonly resultTypes?: { readonly [resultType: string]: readonly Method[] };
  /**
   * Wraps every request that is sent, inside the middleware of the client's options. @default []
   */
  readonly middleware?: readonly Middleware[];
  /** Creates the parts that need the client. Called once for each client. */
  readonly install?: (host: ClientHost) => InstalledClientExtension;
}

/** The parts that an extension adds to one client. */
export interface InstalledClientExtension {
  /** Members of the client. Their names must not be in use. */
  readonly members?: { readonly [name: string]: unknown };
  /** Resolves to the final result of a tool call, given a result of one of the added types. */
  readonly follow?: (result: Result, call: FollowedCall) => Promise<CallToolResult>;
}

/** A call whose result is of a type that an extension has added. */
export interface FollowedCall {
  readonly name: string;
  readonly options: InputOptions;
}

/** The functions of a client that its extensions may use. */
export interface ClientHost extends Pick<Client, "request" | "listen"> {
  /** The address or command of the server, to be shown to the user. */
  readonly server: string;
  readonly options: {
    readonly now: () => number;
    readonly random: () => number;
    readonly onWarning: (message: string, cause?: unknown) => void;
    readonly maxInputRequests: number;
  };
  /**
   * Registers a function that is called with the reason when the client is closed. Returns a
   * function that removes it. This is not an `AbortSignal`, because Node.js warns about signals
   * with many listeners.
   */
  readonly onClose: (stop: (reason: unknown) => void) => () => void;
  readonly isClosed: () => boolean;
  /** Calls a tool and returns its result unchanged, even if it has one of the added types. */
  readonly callTool: (
    name: string,
    args?: JSONObject,
    options?: InputOptions,
  ) => Promise<CallToolResult>;
  /** Validates a complete result against the tool's output schema. */
  readonly checkToolResult: (
    name: string,
    result: CallToolResult,
    options: InputOptions,
  ) => Promise<void>;
  /** Returns true for input requests that the client has declared support for. */
  readonly canAnswer: (request: InputRequest) => boolean;
  /** Answers input requests with the client's handlers, after the usual checks. */
  readonly answer: (requests: InputRequests, asked: Asked) => Promise<JSONObject>;
}

/** The origin of an input request, for the client's handlers. */
export interface Asked {
  readonly method: string;
  readonly name: string | undefined;
  readonly round: number;
  readonly signal: AbortSignal;
}
