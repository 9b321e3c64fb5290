/** The HTTP endpoint of a server that is a fetch handler. Its URL is printed. */
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";

export function listenFetch(handle) {
  const http = createServer(getRequestListener(handle));
  http.listen(0, "127.0.0.1", () => {
    console.log(`http://127.0.0.1:${http.address().port}/mcp`);
  });
}
