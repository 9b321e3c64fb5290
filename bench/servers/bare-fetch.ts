/** The baseline for fetch handlers: a bare fetch handler. */
import { serve } from "@hono/node-server";
import { answer } from "./bare.ts";
import { report } from "./report.ts";

async function fetch(http: Request): Promise<Response> {
  const text = answer(await http.text(), (name) => http.headers.get(name) ?? undefined);
  return new Response(text, { headers: { "content-type": "application/json" } });
}

serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => report(port));
