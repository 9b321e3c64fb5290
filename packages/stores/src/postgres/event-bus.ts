/** Events over `NOTIFY`, on the long-lived connection. */
import type { EventBus } from "lutra/stores";
import { RelayedBus } from "../relayed-bus.ts";
import type { Connection } from "./connection.ts";
import { byReference, EventOutbox } from "./event-outbox.ts";
import type { Session } from "./session.ts";

export function createPostgresEventBus(
  connection: Connection,
  session: Session,
  onError: (error: unknown) => void,
): EventBus {
  const { schema, eventsChannel } = connection.namespace;
  const outbox = new EventOutbox(connection, session, onError);
  const bus = new RelayedBus({ send: (message) => outbox.send(message), onError });

  /** The delivery of messages behind a large one, which keeps their order. */
  let waiting: Promise<void> | undefined;

  async function fetchLarge(id: string): Promise<void> {
    const sql = `SELECT message FROM ${schema}events WHERE id = $1`;
    const [row] = await connection.rows<{ readonly message: string }>(sql, [id]);
    if (row !== undefined) bus.receive(row.message);
    else bus.resume();
  }

  function receive(payload: string): void {
    const isReference = payload.startsWith(byReference);
    const body = payload.slice(1);
    if (!isReference && waiting === undefined) {
      bus.receive(body);
      return;
    }
    const before = waiting ?? Promise.resolve();
    const delivery: Promise<void> = before
      .then(() => (isReference ? fetchLarge(body) : bus.receive(body)))
      .catch((error) => {
        onError(error);
        bus.resume();
      })
      .then(() => {
        if (waiting === delivery) waiting = undefined;
      });
    waiting = delivery;
  }

  let hasBegun = false;
  session.add({
    onBegin: () => {
      if (hasBegun) bus.resume();
      hasBegun = true;
    },
    onNotification: (channel, payload) => {
      if (channel === eventsChannel) receive(payload);
    },
  });
  return bus;
}
