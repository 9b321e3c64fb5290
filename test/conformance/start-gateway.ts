/** Starts the fixtures behind a gateway, as `lutra gateway` runs it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ConfigInput } from "@lutra/gateway";
import { writeConfig } from "../gateway/config-file.ts";
import { startReplicas } from "../gateway/replicas.ts";
import { startOfficial } from "./official/server.ts";
import { type Fixture, fixture, startModern, startProgram, startServe } from "./start-fixture.ts";
import { root } from "./suite.ts";

type UpstreamInput = ConfigInput["upstreams"][string];

/** One process, whose bodies the gateway passes on unread. */
export async function startPassThrough(): Promise<Fixture> {
  const server = await startServe();
  return await startGateway({ url: server.url, verify: "upstream" }, server.close);
}

/** Three processes in turn, each at a URL of its own. */
export async function startReplicated(): Promise<Fixture> {
  const { urls, close } = await startReplicas(pathToFileURL(fixture), 3);
  return await startGateway({ url: [...urls], verify: "upstream" }, close);
}

/** One process; it is the gateway that compares headers with bodies. */
export async function startVerifying(): Promise<Fixture> {
  const server = await startServe();
  return await startGateway({ url: server.url, verify: "gateway" }, server.close);
}

/** One process that refuses clients of earlier revisions itself. */
export async function startOverModern(): Promise<Fixture> {
  const server = await startModern();
  return await startGateway({ url: server.url, verify: "upstream" }, server.close);
}

/** A server built on the official SDK, which is modern and compares them itself. */
export async function startOverOfficial(): Promise<Fixture> {
  const server = await startOfficial();
  return await startGateway({ url: server.url, verify: "upstream" }, server.close);
}

/** Two upstreams as one server. */
export async function startMerged(skills?: UpstreamInput["skills"]): Promise<Fixture> {
  const server = await startServe();
  const upstream = { url: server.url, ...(skills && { skills }) };
  const almanac = { module: join(root, "examples/almanac/server.ts"), replicas: 1 };
  return await startGateway(upstream, server.close, { almanac });
}

async function startGateway(
  upstream: UpstreamInput,
  closeUpstream: () => Promise<void>,
  others: ConfigInput["upstreams"] = {},
): Promise<Fixture> {
  const file = await writeConfig({
    // The name that the suite's probe expects, since a merged server has that of its gateway.
    name: "everything",
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: { everything: upstream, ...others },
  });
  const end = async () => {
    await closeUpstream();
    await file.remove();
  };
  try {
    const gateway = await startProgram(["gateway", file.path]);
    return { url: gateway.url, close: () => gateway.close().then(end) };
  } catch (error) {
    await end();
    throw error;
  }
}
