/** What a request that passes through the gateway unread consists of. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProtocolError } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { Head } from "../head/head.ts";

/** One request that passes through. */
export interface Forward {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly head: Head;
  readonly record: ExchangeRecord;
  /** Answers in place of the upstream. `body` is the request's, where it has come as a whole. */
  readonly refuse: (forward: Forward, error: ProtocolError, body?: Buffer | null) => void;
  /** Gets a copy of the request; its answer is dropped. */
  readonly shadow?: ((copy: RequestCopy) => void) | undefined;
}

/** A request that is sent once more, to an upstream whose answer nobody waits for. */
export interface RequestCopy {
  readonly head: Head;
  readonly body: Uint8Array | null;
}
