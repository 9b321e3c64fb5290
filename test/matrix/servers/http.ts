/** The HTTP endpoint of the official servers. Its URL is printed. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export function listen(handle: RequestListener): void {
  const http = createServer(handle);
  http.listen(0, "127.0.0.1", () => {
    console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  });
}
