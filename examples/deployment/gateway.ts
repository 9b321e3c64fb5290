/** The gateway: verifies callers, balances the replicas, and serves health checks and metrics. */
import { join } from "node:path";
import { defineGateway } from "@lutra/gateway";
import { keys } from "./secrets.ts";

const {
  SECRETS = "/run/secrets",
  // A host name with several addresses, as that of the compose service, means several replicas.
  REPLICAS = "http://server:3000/mcp",
  HOST = "0.0.0.0",
  PORT = "3000",
  ADMIN_HOST = "127.0.0.1",
  ADMIN_PORT = "9464",
  // The names under which clients reach the gateway, besides its own address.
  ALLOWED_HOSTS,
  // With several gateways: the Redis server through which they count and cache together.
  SHARED_REDIS,
  LAME_DUCK_MS = "0",
} = process.env;

export default defineGateway({
  name: "shopping",
  listen: {
    host: HOST,
    port: Number(PORT),
    ...(ALLOWED_HOSTS && { allowedHosts: ALLOWED_HOSTS.split(",") }),
  },
  admin: { host: ADMIN_HOST, port: Number(ADMIN_PORT) },
  keys,
  auth: { tokensFile: join(SECRETS, "callers"), forwardCredentials: true },
  upstreams: {
    shopping: { url: REPLICAS.split(","), verify: "upstream", balance: "least-in-flight" },
  },
  limits: [{ per: ["principal"], rate: { requests: 100, perMs: 1000 } }],
  ...(SHARED_REDIS && { shared: { redis: SHARED_REDIS } }),
  lameDuckMs: Number(LAME_DUCK_MS),
  drainMs: 10_000,
});
