/** The baseline: only `node:http`. */
import { createServer } from "node:http";
import { answer } from "./bare.ts";
import { portOf, report } from "./report.ts";

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    const [first = Buffer.alloc(0)] = chunks;
    const body = chunks.length > 1 ? Buffer.concat(chunks) : first;
    const text = answer(body.toString("utf8"), (name) => req.headers[name]);
    const length = Buffer.byteLength(text);
    res.writeHead(200, { "content-type": "application/json", "content-length": length });
    res.end(text);
  });
});
server.listen(0, "127.0.0.1", () => report(portOf(server)));
