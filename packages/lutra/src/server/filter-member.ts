/**
 * What extensions add to the filter of `subscriptions/listen`.
 *
 * @spec basic/patterns/subscriptions#acknowledgment
 */
import { requireCapabilities } from "../protocol/capabilities.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { SubscriptionFilter } from "../protocol/subscriptions.ts";

/** Sends a notification on the stream of one subscription, with its id. */
export type SendNotification = (method: string, params: JSONObject) => void;

/** A member of the filter, and what it asks for. */
export interface FilterMember {
  /** Its name, such as `taskIds`. */
  readonly name: string;
  /**
   * Decides what of `wanted` is honoured, and begins to watch it; `undefined` for nothing.
   *
   * @throws {ProtocolError} for a value that is malformed
   */
  readonly accept: (
    wanted: unknown,
    context: RequestContext,
    send: SendNotification,
  ) => Promise<AcceptedMember | undefined>;
}

export interface AcceptedMember {
  /** What the acknowledgment says is honoured. */
  readonly value: unknown;
  /** Called once, after the acknowledgment: nothing may be sent before. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** A member, and the extension without which it can't be asked for. */
export interface OwnedMember extends FilterMember {
  readonly extension: string;
}

/** What a filter has of the members of extensions. */
export interface AcceptedMembers {
  readonly values: { readonly [name: string]: unknown };
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Accepts the members that the filter has; `undefined`, at once, where it has none.
 *
 * @throws {ProtocolError} `missingRequiredClientCapability` for one of an undeclared extension
 */
export function acceptMembers(
  members: readonly OwnedMember[],
  filter: SubscriptionFilter,
  { context, send }: { readonly context: RequestContext; readonly send: SendNotification },
): Promise<AcceptedMembers> | undefined {
  const asked = members.filter(({ name }) => filter[name] !== undefined);
  if (asked.length === 0) return undefined;
  const extensions = Object.fromEntries(asked.map(({ extension }) => [extension, {}]));
  requireCapabilities({ extensions }, context.meta?.capabilities ?? {});
  return acceptAll(asked, (member) => member.accept(filter[member.name], context, send));
}

async function acceptAll(
  members: readonly OwnedMember[],
  accept: (member: OwnedMember) => Promise<AcceptedMember | undefined>,
): Promise<AcceptedMembers> {
  const values: Record<string, unknown> = {};
  const accepted: AcceptedMember[] = [];
  const stop = () => {
    for (const member of accepted) member.stop();
  };
  try {
    for (const member of members) {
      const one = await accept(member);
      if (one === undefined) continue;
      accepted.push(one);
      values[member.name] = one.value;
    }
  } catch (error) {
    stop();
    throw error;
  }
  const start = () => {
    for (const member of accepted) member.start();
  };
  return { values, start, stop };
}
