/**
 * The authorization server that issues the tokens of a protected server, as far as it is needed to
 * verify them.
 *
 * @spec basic/authorization/authorization-server-discovery#authorization-server-metadata-discovery
 */

import type { JSONObject } from "../../protocol/json.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import { isProtected } from "../client/loopback.ts";
import { getJSON } from "../get-json.ts";
import { serverMetadataURLs } from "../server-metadata-urls.ts";

/** An authorization server, with the settings for requests to it. */
export interface Authority {
  readonly issuer: string;
  /** Sends requests to the authorization server. */
  readonly fetch: typeof fetch;
  readonly clockSkewMs: number;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves to its metadata. Rejects when they are not available. */
  readonly metadata: () => Promise<JSONObject>;
}

/** Time for which metadata are used, in milliseconds. */
const metadataMs = 600_000;
/** Time after which metadata or keys that were not available are requested again, in milliseconds. */
export const failureMs = 5000;

/** Creates the access to an authorization server. Its metadata are read when they are needed. */
export function createAuthority(settings: Omit<Authority, "metadata">): Authority {
  const { issuer, now } = settings;
  let current: Promise<JSONObject> | undefined;
  let last: JSONObject | undefined;
  let until = 0;

  async function read(): Promise<JSONObject> {
    try {
      last = await readMetadata(issuer, settings.fetch);
      return last;
    } catch (error) {
      until = now() + failureMs;
      // Endpoints rarely change, so an outage does not make the known ones wrong.
      if (last !== undefined) return last;
      throw error;
    }
  }

  return {
    ...settings,
    metadata: () => {
      if (current === undefined || now() >= until) {
        until = now() + metadataMs;
        current = read();
      }
      return current;
    },
  };
}

async function readMetadata(issuer: string, fetch: Authority["fetch"]): Promise<JSONObject> {
  for (const url of serverMetadataURLs(new URL(issuer))) {
    const metadata = await getJSON(url, { fetch, signal: undefined });
    if (metadata === undefined) continue;
    // Compared as it is, since a normalised spelling could be that of another issuer.
    if (metadata.issuer === issuer) return metadata;
    throw new Error(`${url}: expected the metadata of the issuer ${issuer}`);
  }
  throw new Error(`${issuer}: expected metadata at a well-known URL; name the endpoint in options`);
}

/**
 * Returns the URL in a member of the metadata.
 *
 * @throws {Error} when there is none
 */
export async function endpointOf(authority: Authority, member: string): Promise<string> {
  const { [member]: endpoint } = await authority.metadata();
  const url = parseURL(endpoint);
  if (typeof endpoint === "string" && url !== undefined && isProtected(url)) return endpoint;
  throw new Error(`${authority.issuer}: expected an https URL as ${member} in its metadata`);
}
