/** An upstream with a tool that returns much, at little cost, and one that returns little. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";

export interface FatUpstream {
  readonly url: string;
  /** The number of large results. */
  readonly served: () => number;
  readonly close: () => Promise<void>;
}

export async function startFatUpstream(bytes: number): Promise<FatUpstream> {
  let served = 0;
  const large = Buffer.alloc(bytes, "x");
  const server = createServer(async (req, res) => {
    const { id, method, params } = JSON.parse(await textOf(req));
    const isFat = params?.name === "fat";
    if (isFat) served += 1;
    res.setHeader("content-type", "application/json");
    res.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"resultType":"complete",`);
    if (method !== "tools/call") {
      res.end('"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"tools":[]}}');
      return;
    }
    res.write('"content":[{"type":"text","text":"');
    res.write(isFat ? large : "little");
    res.end('"}]}}');
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    served: () => served,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
