/**
 * A process that passes requests through to an upstream as a gateway does, with undici's
 * dispatcher. Its processor time is measured.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "undici";

const [origin = "", ca = "", version = "", streams = "1"] = process.argv.slice(2);
const isHttp2 = version === "h2";
const pool = new Pool(origin, {
  allowH2: isHttp2,
  ...(isHttp2 && { connections: 1, maxConcurrentStreams: Number(streams) }),
  pipelining: isHttp2 ? Number(streams) : 1,
  headersTimeout: 0,
  bodyTimeout: 0,
  // Without TLS, HTTP/2 begins without a handshake that chooses it.
  connect: { ca, ...(isHttp2 && origin.startsWith("http:") && { useH2c: true }) },
});

function passOn(req: IncomingMessage, res: ServerResponse): void {
  req.once("readable", () => {
    const body = req.read() as Buffer;
    pool.dispatch(
      {
        path: "/mcp",
        method: "POST",
        headers: req.rawHeaders.filter(
          (_, index) => !/^(?:host|connection)$/i.test(nameAt(req, index)),
        ),
        body,
      },
      {
        onConnect: () => {},
        onHeaders: (status, raw) => {
          res.writeHead(status, [...raw].map(String));
          return true;
        },
        onData: (chunk) => res.write(chunk),
        onComplete: () => void res.end(),
        onError: (error) => void res.destroy(error),
      },
    );
  });
}

const nameAt = ({ rawHeaders }: IncomingMessage, index: number) =>
  rawHeaders[index - (index % 2)] as string;

const front = createServer(passOn);
front.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (front.address() as AddressInfo).port });
});
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => process.exit());
