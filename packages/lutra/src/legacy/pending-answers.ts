/**
 * The requests that a server has sent to legacy clients and that wait for an answer. A client posts
 * its answer to any replica, which passes it on to the one that waits.
 *
 * @spec 2025-11-25/basic/transports#sending-messages-to-the-server
 */
import { cancelledNotification } from "../protocol/cancellation.ts";
import { errorCodes, invalidParams, ProtocolError } from "../protocol/errors.ts";
import { isObject, type JSONObject, sizeOfJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { settlesWithin, within } from "../time/within.ts";
import type { Channel } from "./channel.ts";
import type { LiveRequest } from "./legacy-input.ts";
import { createSentRequestId, isSentRequestId } from "./sent-request-id.ts";

interface Pending {
  readonly key: string;
  readonly settle: (response: JSONObject) => void;
}

/** The stream of the call that needs an answer. */
export interface Asking {
  readonly send: (message: JSONRPCNotification | JSONObject) => unknown;
  readonly signal: AbortSignal;
}

/**
 * Time for another replica to take an answer before its client gets a response, in milliseconds. A
 * client whose replica dies meanwhile learns that its answer may be lost.
 */
const takeMs = 1000;
/** Maximum number of answers that are passed on at a time. */
const maxRelayed = 1000;
/** Maximum size of these answers in memory, in bytes. */
const maxRelayedBytes = 33_554_432;
/** Maximum number of requests that wait for the client of one session. */
const maxPendingPerSession = 100;
/** Maximum time that a client has to answer, in milliseconds. */
const maxAnswerMs = 3_600_000;

/**
 * The answers of clients that declare a capability and do not implement its method, by method.
 *
 * @spec 2025-11-25/client/roots#error-handling
 */
const answersWithoutMethod: ReadonlyMap<string, JSONObject> = new Map([
  ["roots/list", { roots: [] }],
]);

export class PendingAnswers {
  readonly #channel: Channel;
  readonly #pending = new Map<string, Pending>();
  readonly #perSession = new Map<string, number>();
  /** The answers that are being passed to another replica, by the ids of their requests. */
  readonly #relayed = new Map<string, Promise<void>>();
  #relayedBytes = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.take("answer", ({ key, response }) => {
      const isTaken = typeof key === "string" && isObject(response) && this.#settle(key, response);
      return isTaken ? {} : undefined;
    });
  }

  /**
   * Sends a request to the client of a session. Resolves to the `result` of its answer.
   *
   * @throws {ProtocolError} when the client answers with an error, does not answer in time, or has
   *   too many open requests
   */
  async ask(key: string, { method, params }: LiveRequest, asking: Asking): Promise<unknown> {
    const waiting = this.#perSession.get(key) ?? 0;
    if (waiting >= maxPendingPerSession) {
      throw refused(method, `it has ${waiting} unanswered requests, the maximum`);
    }
    this.#perSession.set(key, waiting + 1);
    try {
      const { error, result } = await this.#wait(key, { method, params }, asking);
      if (error === undefined) return result;
      if (isObject(error) && error.code === errorCodes.methodNotFound.code) {
        const instead = answersWithoutMethod.get(method);
        if (instead !== undefined) return instead;
      }
      throw refused(method, isObject(error) ? `${error.code}: ${error.message}` : "an error");
    } finally {
      const left = (this.#perSession.get(key) ?? 1) - 1;
      if (left > 0) this.#perSession.set(key, left);
      else this.#perSession.delete(key);
    }
  }

  /**
   * Accepts the answer of a client. Resolves once it is taken, or after a second if it is still being
   * passed on to another replica; to false when too many answers wait for other replicas.
   *
   * @throws {ProtocolError} when its id is not that of a request to this session
   */
  async receive(key: string, response: JSONObject): Promise<boolean> {
    if (this.#settle(key, response)) return true;
    const { id } = response;
    // Only the id of a request that some replica has sent is passed on, and only once at a time.
    if (typeof id !== "string" || !(await isSentRequestId(id, key))) {
      throw invalidParams("id: expected that of a request from this server in this session");
    }
    const relayed = this.#relayed.get(id) ?? this.#relay(key, response, id);
    if (relayed === undefined) return false;
    await settlesWithin(takeMs, relayed);
    return true;
  }

  async #wait(key: string, request: LiveRequest, { send, signal }: Asking): Promise<JSONObject> {
    const { method, params } = request;
    // Proves to all replicas that the answer is that of this session to a request of theirs.
    const id = await createSentRequestId(key);
    const tooLate = () => refused(method, `no answer within ${maxAnswerMs / 1000} s`);
    let isAnswered = false;
    const answer = new Promise<JSONObject>((resolve) => {
      const settle = (response: JSONObject) => {
        isAnswered = true;
        resolve(response);
      };
      this.#pending.set(id, { key, settle });
    });
    try {
      return await within({ signal, ms: maxAnswerMs, tooLate }, async () => {
        await send({ jsonrpc: "2.0", id, method, ...(params && { params }) });
        return answer;
      });
    } finally {
      this.#pending.delete(id);
      if (!isAnswered) void send(cancelledNotification(id, "The answer is not needed any more"));
    }
  }

  #settle(key: string, response: JSONObject): boolean {
    const { id } = response;
    const pending = typeof id === "string" ? this.#pending.get(id) : undefined;
    if (pending?.key !== key) return false;
    pending.settle(response);
    return true;
  }

  /** Passes an answer on to the replica that waits for it. Returns undefined when too many are. */
  #relay(key: string, { result, error }: JSONObject, id: string): Promise<void> | undefined {
    const response = { id, result, error };
    const bytes = sizeOfJSON(response);
    const isFull = this.#relayed.size >= maxRelayed || this.#relayedBytes + bytes > maxRelayedBytes;
    if (isFull) return undefined;
    this.#relayedBytes += bytes;
    const relayed = this.#channel.deliver("answer", { key, response }).then(() => {
      this.#relayed.delete(id);
      this.#relayedBytes -= bytes;
    });
    this.#relayed.set(id, relayed);
    return relayed;
  }
}

function refused(method: string, detail: string): ProtocolError {
  return new ProtocolError("internalError", `The client refused ${method} (${detail})`);
}
