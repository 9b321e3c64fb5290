/**
 * Members that extensions add to the filter of `subscriptions/listen`.
 *
 * @spec basic/patterns/subscriptions#acknowledgment
 */
import { requireCapabilities } from "../protocol/capabilities.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { SubscriptionFilter } from "../protocol/subscriptions.ts";

/** Sends a notification on the stream of one subscription, with its id. */
export type SendNotification = (method: string, params: JSONObject) => void;

/** A member of the filter. */
export interface FilterMember {
  /** The name of the member, for example `taskIds`. */
  readonly name: string;
  /**
   * Accepts the requested value, or the part of it that the server can honour, and starts to watch
   * it. Resolves to `undefined` when nothing is accepted.
   *
   * @throws {ProtocolError} for a malformed value
   */
  readonly accept: (
    wanted: unknown,
    context: RequestContext,
    send: SendNotification,
  ) => Promise<AcceptedMember | undefined>;
}

export interface AcceptedMember {
  /** The accepted value, as the acknowledgment shows it. */
  readonly value: unknown;
  /** Called once, after the acknowledgment. Nothing may be sent before. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** A member, and the extension that a client must declare to use it. */
interface OwnedMember extends FilterMember {
  readonly extension: string;
}

/** The accepted members of one filter. */
export interface AcceptedMembers {
  readonly values: { readonly [name: string]: unknown };
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Accepts the members that a filter has. Returns undefined at once when it has none. Throws a
 * `ProtocolError` for a member of an extension that the client has not declared.
 */
export type AcceptMembers = (
  filter: SubscriptionFilter,
  listener: { readonly context: RequestContext; readonly send: SendNotification },
) => Promise<AcceptedMembers> | undefined;

/**
 * Collects the filter members of all extensions, and returns the function that accepts them.
 *
 * @throws {TypeError} for a name that two extensions use
 */
export function filterOf(
  extensions: readonly { readonly id: string; readonly filters?: readonly FilterMember[] }[],
): AcceptMembers {
  const members = new Map<string, OwnedMember>();
  for (const { id, filters = [] } of extensions) {
    for (const member of filters) {
      if (members.has(member.name)) {
        throw new TypeError(`extension ${id}: the filter member ${member.name} is defined twice`);
      }
      members.set(member.name, { ...member, extension: id });
    }
  }
  const all = [...members.values()];
  return (filter, { context, send }) => {
    const asked = all.filter(({ name }) => filter[name] !== undefined);
    if (asked.length === 0) return undefined;
    const required = Object.fromEntries(asked.map(({ extension }) => [extension, {}]));
    requireCapabilities({ extensions: required }, context.meta?.capabilities ?? {});
    return acceptAll(asked, (member) => member.accept(filter[member.name], context, send));
  };
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
