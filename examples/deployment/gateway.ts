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
  ADMIN_PORT = "9464",
} = process.env;

export default defineGateway({
  name: "shopping",
  listen: { host: HOST, port: Number(PORT) },
  admin: { host: "127.0.0.1", port: Number(ADMIN_PORT) },
  keys,
  auth: { tokensFile: join(SECRETS, "callers"), forwardCredentials: true },
  upstreams: {
    shopping: { url: REPLICAS.split(","), verify: "upstream", balance: "least-in-flight" },
  },
  limits: [{ per: ["principal"], rate: { requests: 100, perMs: 1000 } }],
  drainMs: 10_000,
});
