/** The link with which a client sends its user to connect an account. */
import { isObject } from "lutra/protocol";
import type { Sealer } from "lutra/server";

/** The parties of a link. */
export interface Ticket {
  /** The caller to whom the account will belong. */
  readonly principal: string;
  /** The client of the caller, for the consent. */
  readonly client: string;
  readonly upstream: string;
}

/** Time for which a link can be opened, in milliseconds. */
const ticketMs = 900_000;
const binding = "sign-in";

/** Returns the sealed text of a ticket. */
export function sealTicket(sealer: Sealer, ticket: Ticket): Promise<string> {
  return sealer.seal({ ...ticket, until: Date.now() + ticketMs }, binding);
}

/** Resolves to the ticket, or to undefined for one that is altered or too old. */
export async function openTicket(sealer: Sealer, text: string): Promise<Ticket | undefined> {
  const value = await sealer.open(text, binding);
  if (!isObject(value) || typeof value.until !== "number" || value.until < Date.now())
    return undefined;
  return value as unknown as Ticket;
}
