/** Speaks to servers of the legacy revisions on Node. Loaded with the first such server. */
import { Agent, fetch as fetchByAgent } from "undici";
import type { HttpEras, HttpErasInit } from "../../transport/http/era-transport.ts";
import { createConnector } from "../../transport/http/undici-connector.ts";
import { createHttpEras as create } from "./http-eras.ts";

export { createLegacyProcessClient } from "./stdio.ts";

/** Creates the era selection of one URL. Its connections have no time limits of their own. */
export function createHttpEras(init: HttpErasInit): HttpEras {
  // The sender of a request limits its time, and streams of notifications may be silent for hours.
  const { maxConnections = 256 } = init.options;
  const dispatcher = new Agent({
    connect: createConnector(),
    headersTimeout: 0,
    bodyTimeout: 0,
    connections: maxConnections,
    pipelining: 1,
  });
  const send = ((url: string, options: object) =>
    fetchByAgent(url, { ...options, dispatcher })) as unknown as typeof fetch;
  const release = (): Promise<void> => dispatcher.destroy();
  return create({ ...init, send, release });
}
