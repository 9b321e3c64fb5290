/** The facts about a client that an exchange has shown, for the era report. */
import type { DeprecatedFeature, RequestMeta } from "lutra/protocol";

/** The client of a legacy session. */
export interface LegacyClient {
  readonly version: string;
  readonly capabilities: RequestMeta["capabilities"];
  readonly clientInfo?: RequestMeta["clientInfo"];
}

/** The facts about a client that an exchange has shown. */
export interface ClientFacts {
  /** The protocol fields of the request. */
  meta?: RequestMeta | undefined;
  /** True for a request that the gateway has made for a legacy client. */
  isLegacy?: boolean;
  /** The session, for a legacy client. */
  session?: LegacyClient | undefined;
  /** The deprecated features that were used. */
  used?: Set<DeprecatedFeature> | undefined;
}
