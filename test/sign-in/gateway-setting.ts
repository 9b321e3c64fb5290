/** A gateway whose users connect accounts at the authorization server of its upstream. */
import type { AddressInfo } from "node:net";
import { connect as connectTo, createServer, type Server, type Socket } from "node:net";
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { openStore } from "@lutra/stores";
import { createSecret } from "../secrets/registered-secrets.ts";
import { type AuthorizationServer, startAuthorizationServer } from "./authorization-server.ts";
import { type ProtectedServer, startProtectedServer } from "./protected-server.ts";

export interface Setting {
  readonly url: string;
  readonly gateway: Gateway;
  /** Starts another gateway with the same configuration. */
  readonly startOne: () => Promise<Gateway>;
  readonly upstream: ProtectedServer;
  /** The authorization server of the gateway. */
  readonly own: AuthorizationServer;
  /** The authorization server of the upstream. */
  readonly other: AuthorizationServer;
  readonly notices: string[];
  readonly close: () => Promise<void>;
}

/** The things to close, in the order in which they were opened. */
type Opened = { readonly close: () => Promise<unknown> }[];

export interface SettingOptions {
  readonly routes?: ConfigInput["routes"];
  /** The store of the accounts. @default the memory of the gateway */
  readonly store?: string | undefined;
}

/** A port that exists before the gateway behind it. */
export interface Front {
  readonly origin: string;
  /** Names the port behind it. */
  readonly lead: (to: number) => void;
  readonly close: () => Promise<void>;
}

/** Forwards connections to a port that is known later, since a resource is named before it listens. */
export async function startFront(): Promise<Front> {
  let port = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const onward = connectTo(port, "127.0.0.1");
    for (const one of [socket, onward]) {
      sockets.add(one);
      one.on("error", () => {}).on("close", () => sockets.delete(one));
    }
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: (to) => {
      port = to;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const gatewaySecret = createSecret("client_secret");

/** Returns the gateway as a client of an authorization server. */
export function gatewayClient(redirectUri: string): object {
  return {
    ...{ client_id: "gateway", client_secret: gatewaySecret },
    ...{ redirect_uris: [redirectUri], application_type: "native" },
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "client_secret_basic",
  };
}

const quiet = { listen: { port: 0 }, admin: false, log: false } as const;
const keys = [{ id: "one", secret: Buffer.alloc(32, 7).toString("base64") }];

/** Starts the gateway, its upstream, and the authorization server of each. */
export async function startGatewaySetting({
  routes,
  store,
}: SettingOptions = {}): Promise<Setting> {
  const opened: Opened = [];
  const front = await startFront();
  opened.push(front);
  const url = `${front.origin}/mcp`;
  const upstream = await startProtectedServer({}, { anonymous: true });
  const own = await startAuthorizationServer({
    resource: () => url,
    clients: [gatewayClient(`${url}/sign-in/return`)],
  });
  const other = await startAuthorizationServer({
    resource: () => upstream.url,
    scopes: ["books:write"],
    clients: [gatewayClient(`${url}/sign-in/callback`)],
  });
  opened.push(upstream, own, other);
  upstream.trust(other.issuer);
  const notices: string[] = [];
  const client = { clientId: "gateway", clientSecret: gatewaySecret };
  const config: ConfigInput = {
    ...quiet,
    keys,
    auth: { issuer: own.issuer, resource: url, signIn: { ...client, ...(store && { store }) } },
    upstreams: {
      books: {
        url: upstream.url,
        auth: { grant: "sign-in", issuer: other.issuer, scopes: ["books:write"], ...client },
      },
    },
    ...(routes && { routes }),
  };
  const startOne = async () => {
    const one = await startGateway(config, {
      notice: (line) => void notices.push(line),
      openStore: async (where) => {
        const { handles, close } = await openStore(where);
        if (handles === undefined) throw new Error("expected a store of handles");
        return { ...handles, close };
      },
    });
    opened.push(one);
    await one.ready();
    return one;
  };
  const gateway = await startOne();
  front.lead(Number(new URL(gateway.url).port));
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  };
  return { url, gateway, startOne, upstream, own, other, notices, close };
}
