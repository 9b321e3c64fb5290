/** One replica: serves HTTP with the keys, the store and the event bus that all replicas share. */
import { openBus, openStore } from "@lutra/stores";
import { bearerTokens, serveHttp } from "lutra/node";
import { keys, secret } from "./secrets.ts";
import server from "./server.ts";

const {
  POSTGRES = "postgres:5432/lutra",
  REDIS = "redis:6379",
  HOST = "0.0.0.0",
  PORT,
} = process.env;

const password = encodeURIComponent(secret("postgres_password"));
const store = await openStore(`postgres://lutra:${password}@${POSTGRES}`);
const bus = await openBus(`redis://${REDIS}`);
server.share({ replicas: 3, keys, ...store, events: bus.events });

const endpoint = await serveHttp(server, {
  host: HOST,
  port: Number(PORT ?? 3000),
  authenticate: bearerTokens(callers(secret("callers"))),
  drainMs: 10_000,
});
console.log(`listening on ${endpoint.url}`);

/** Reads lines of an id, a token and scopes, in the format of `lutra serve --token-file`. */
function callers(text: string) {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [id = "", token = "", ...scopes] = line.trim().split(/\s+/);
    return { id, token, scopes };
  });
}

async function stop(): Promise<void> {
  await endpoint.close();
  await server.close();
  await store.close();
  await bus.close();
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
