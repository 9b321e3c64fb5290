/**
 * The facts about the client of an exchange, for the era report. They come from bodies that the gateway
 * reads for other reasons; a request that is forwarded unread has none.
 */
import {
  type DeprecatedFeature,
  deprecatedFeatureOf,
  inputRequired,
  isObject,
  type Middleware,
  type RequestContext,
  type RequestMeta,
  type Result,
} from "lutra/protocol";
import { type ExchangeRecord, recordOf } from "../exchange-record.ts";
import type { ClientFacts, LegacyClient } from "./client-facts.ts";

/** Records the facts about the client of a served request. Belongs behind the admission. */
export const observeClient: Middleware = (next) => (request, context) => {
  const { meta } = context;
  const record = recordOf(context);
  if (record === undefined || meta === undefined) return next(request, context);
  observeMeta(record, meta);
  // Servers ask only for inputs that the client has declared.
  const { roots, sampling } = meta.capabilities;
  if (roots === undefined && sampling === undefined) return next(request, context);
  return next(request, context).then((result) => {
    if (result.resultType === inputRequired) observeInputs(record, result);
    return result;
  });
};

/** Records the client of a request by its protocol fields. */
export function observeMeta(record: ExchangeRecord, meta: RequestMeta): void {
  const facts = factsOf(record);
  facts.meta = meta;
  // The adapter for legacy clients sets a level for each of their requests.
  if (meta.logLevel !== undefined && !facts.isLegacy) addUse(record, "logging");
}

/** Records the client of a legacy session, and the messages that it has sent. */
export function observeSession(
  record: ExchangeRecord,
  session: LegacyClient,
  received: unknown,
): void {
  factsOf(record).session = session;
  for (const message of Array.isArray(received) ? received : [received]) {
    if (isObject(message)) observeMethod(record, message.method);
  }
}

/**
 * Marks an exchange as one of a legacy client. Returns a `notify` that records the deprecated features
 * of the notifications it sends.
 */
export function observeLegacy(
  record: ExchangeRecord,
  notify: RequestContext["notify"],
): RequestContext["notify"] {
  factsOf(record).isLegacy = true;
  return (notification) => {
    observeMethod(record, notification.method);
    return notify(notification);
  };
}

function observeInputs(record: ExchangeRecord, { inputRequests }: Result): void {
  if (!isObject(inputRequests)) return;
  for (const request of Object.values(inputRequests)) {
    if (!isObject(request)) continue;
    observeMethod(record, request.method);
    if (isObject(request.params) && includesContext(request.params.includeContext)) {
      addUse(record, "includeContext");
    }
  }
}

/** @spec client/sampling#capabilities */
function includesContext(value: unknown): boolean {
  return value === "thisServer" || value === "allServers";
}

function observeMethod(record: ExchangeRecord, method: unknown): void {
  const feature = typeof method === "string" ? deprecatedFeatureOf(method) : undefined;
  if (feature !== undefined) addUse(record, feature);
}

function addUse(record: ExchangeRecord, feature: DeprecatedFeature): void {
  const facts = factsOf(record);
  facts.used ??= new Set();
  facts.used.add(feature);
}

function factsOf(record: ExchangeRecord): ClientFacts {
  record.client ??= {};
  return record.client;
}
