/**
 * Extensions on a client: values, off until a client lists them.
 *
 * @spec basic/versioning#extension-negotiation
 */
import type { InputRequest, InputRequests } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { CallToolResult } from "../protocol/tools.ts";
import type { Client } from "./client-types.ts";
import type { InputOptions } from "./request-options.ts";

/** A call whose result is of a type that an extension has added. */
export interface FollowedCall {
  readonly name: string;
  readonly options: InputOptions;
}

/** What an extension adds to one client. */
export interface InstalledClientExtension {
  /** Put onto the client, under names of the extension's own. */
  readonly members?: { readonly [name: string]: unknown };
  /** Follows a tool's result of a type of its own to the one that the caller waits for. */
  readonly follow?: (result: Result, call: FollowedCall) => Promise<CallToolResult>;
}

/** What a client offers to its extensions. */
export interface ClientHost extends Pick<Client, "request" | "listen"> {
  /** How the server is called in front of the user. */
  readonly server: string;
  readonly options: {
    readonly now: () => number;
    readonly random: () => number;
    readonly onWarning: (message: string, cause?: unknown) => void;
  };
  /**
   * Calls `stop` with the reason when the client is closed, until the returned function is called.
   * (A signal would warn of its many listeners.)
   */
  readonly onClose: (stop: (reason: unknown) => void) => () => void;
  readonly isClosed: () => boolean;
  /** Calls a tool, and follows nothing. */
  readonly callTool: (
    name: string,
    args?: JSONObject,
    options?: InputOptions,
  ) => Promise<CallToolResult>;
  /** Checks a complete result by the tool's output schema. */
  readonly checkToolResult: (
    name: string,
    result: CallToolResult,
    options: InputOptions,
  ) => Promise<void>;
  /** True for what the client has said that it answers. */
  readonly canAnswer: (request: InputRequest) => boolean;
  /** Answers by the client's handlers, with the checks that they always have. */
  readonly answer: (requests: InputRequests, asked: Asked) => Promise<JSONObject>;
}

/** Where a request for input comes from, for the client's handlers. */
export interface Asked {
  readonly method: string;
  readonly name: string | undefined;
  readonly round: number;
  readonly signal: AbortSignal;
}

/** An extension of a client. */
export interface ClientExtension {
  /** `{vendor}/{name}`; declared on every request. */
  readonly id: string;
  /** Declared along with it. @default {} */
  readonly settings?: JSONObject;
  /** Methods it adds: their requests are mirrored, cached and sent again as they say. */
  readonly methods?: readonly Method[];
  /** Result types it adds, each with the methods that may end in it. Any other is an error. */
  readonly resultTypes?: { readonly [resultType: string]: readonly Method[] };
  /** Makes what needs to know its client; called once for each client. */
  readonly install?: (host: ClientHost) => InstalledClientExtension;
}
