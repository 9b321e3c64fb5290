/** The sockets of a gateway: those for clients, and the one for operators. */
import {
  listenHttp,
  type MalformedRequest,
  type OwnEndpoint,
  type TlsSettings,
  withPage,
} from "lutra/internal";
import { type AdminListener, type AdminParts, openAdmin } from "./admin/open-admin.ts";
import { adminTlsOf, listenTlsOf } from "./config/certificates.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { firstPath } from "./config/endpoints.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import type { GatewayPart } from "./gateway-part.ts";
import type { RequestHandler } from "./handler.ts";
import { type ListenerPlace, listenerPlaces } from "./listener-places.ts";
import { createVisit } from "./visit.ts";

export interface Listeners {
  /** The listeners for clients: that of `listen`, then those of `listen.also`. */
  readonly endpoints: readonly OwnEndpoint[];
  /** Undefined if the configuration disables it. */
  readonly admin: AdminListener | undefined;
}

/** The parts of a gateway to which the listeners pass requests. */
export interface Served extends AdminParts, Pick<GatewayOptions, "onDrain"> {
  readonly handler: RequestHandler;
  readonly onMalformed: (request: MalformedRequest) => void;
  /** The connections that another process accepts. @default this process listens */
  readonly feeds?: GatewayPart["feeds"] | undefined;
}

/**
 * Opens the sockets before it starts the upstreams, so that a port in use is reported first.
 *
 * @throws {ListenError} for an address that is in use or unavailable
 */
export async function openListeners(config: CompleteConfig, served: Served): Promise<Listeners> {
  const endpoints: OwnEndpoint[] = [];
  let admin: AdminListener | undefined;
  try {
    const listen = listenFor(config, served);
    for (const [index, place] of listenerPlaces(config).entries()) {
      endpoints.push(await listen(place, index));
    }
    admin = await openAdmin(served, `${endpoints[0]?.url}${firstPath(config)}`);
    served.running.start();
    return { endpoints, admin };
  } catch (error) {
    await closeListeners({ endpoints, admin });
    throw error;
  }
}

/** Closes all sockets once the exchanges of clients have ended. */
export async function closeListeners({ endpoints, admin }: Listeners): Promise<void> {
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  await admin?.close();
}

/** Sets the certificate of each listener to that of the current configuration. */
export function renewCertificates({ endpoints, admin }: Listeners, parsed: ParsedConfig): void {
  for (const [index, tls] of ownTlsOf(parsed).entries()) {
    if (tls) endpoints[index]?.renewTls(tls);
  }
  const tls = adminTlsOf(parsed);
  if (tls) admin?.renewTls(tls);
}

/** Returns a function that opens a listener for clients. */
function listenFor(
  { listen: { path, maxConnections } }: CompleteConfig,
  { running, handler, onDrain, onMalformed, feeds }: Served,
): (place: ListenerPlace, index: number) => Promise<OwnEndpoint> {
  const handle = withPage({
    path,
    handle: handler.handle,
    rules: (req) =>
      running.config.listen.page ? handler.endpoints?.mainAt(req)?.endpoint.rules : undefined,
    visit: createVisit(() => handler.endpoints?.main),
  });
  const service = { handle, close: () => running.drain(), onMalformed };
  const isTrusted = (address: string) =>
    handler.endpoints?.all[0]?.peers.isTrusted(address) ?? false;
  const certificates = ownTlsOf(running.parsed);
  const shared = {
    maxConnections,
    count: { open: 0 },
    drainMs: () => running.config.drainMs,
    lameDuckMs: () => running.config.lameDuckMs,
    onDrain,
  };
  return ({ at, config: { http2, proxyProtocol }, explain }, index) =>
    listenHttp(service, {
      ...shared,
      ...at,
      http2,
      proxies: proxyProtocol ? { isTrusted } : undefined,
      tls: certificates[index],
      feed: feeds?.[index],
    }).catch((cause: unknown) => {
      throw explain(cause);
    });
}

/** Returns the certificate of each listener, or undefined for one without. */
function ownTlsOf({
  config,
  certificates = new Map(),
}: ParsedConfig): readonly (TlsSettings | undefined)[] {
  return listenerPlaces(config).map(({ config: { tls } }) => tls && listenTlsOf(tls, certificates));
}
