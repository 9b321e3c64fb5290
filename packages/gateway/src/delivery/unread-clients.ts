/** The responses that were handed to the connections of their clients, which may not take them. */
import type { ServerResponse } from "node:http";
import { OpenMap } from "lutra/internal";

/** The memory that a response holds, in bytes. */
interface Held {
  /** A number that no other response has. */
  readonly order: number;
  readonly bytes: number;
}

interface Unread<Share> {
  readonly share: Share;
  readonly res: ServerResponse;
  /** A text that changes whenever data is sent. */
  mark: string;
  since: number;
}

export class UnreadClients<Share extends Held> {
  readonly #unread = new OpenMap<number, Unread<Share>>();

  has(share: Share): boolean {
    return this.#unread.has(share.order);
  }

  add(share: Share, res: ServerResponse, now: number): void {
    this.#unread.set(share.order, { share, res, mark: markOf(res), since: now });
  }

  delete(share: Share): void {
    this.#unread.delete(share.order);
  }

  /**
   * Disconnects clients that have taken nothing for a time, until as many bytes are free as others need.
   * Call it at intervals, since it also detects the clients that take data.
   */
  disconnect(missing: number, now: number, stallMs: number): void {
    let rest = missing;
    for (const unread of this.#unread.values()) {
      const mark = markOf(unread.res);
      if (mark !== unread.mark) Object.assign(unread, { mark, since: now });
      else if (rest > 0 && now - unread.since >= stallMs) {
        rest -= unread.share.bytes;
        unread.res.destroy();
      }
    }
  }
}

/** Returns a text that changes whenever the client takes data. */
function markOf({ socket, writableLength }: ServerResponse): string {
  // A large chunk is sent in parts, of which only the handle keeps count.
  const { _handle: handle } = (socket ?? {}) as {
    _handle?: { readonly writeQueueSize?: number } | undefined;
  };
  return `${writableLength} ${handle?.writeQueueSize}`;
}
