/** Memory growth of a server: resident memory after few and after many requests. */
import { start, withContenders } from "../contender.ts";
import { toolCalls } from "../exchanges.ts";
import { Load } from "../load.ts";
import type { Plan } from "../plan.ts";
import { type Row, row, significant } from "../row.ts";
import { connections } from "../throughput.ts";

export async function memory({ memoryAt: [few, many] }: Plan): Promise<readonly Row[]> {
  const options = { nodeOptions: ["--expose-gc"] };
  const starting = [
    start("Lutra", "./servers/lutra.mjs", options),
    start("bare node:http", "./servers/bare-node.mjs", options),
  ];
  return await withContenders(starting, async (servers) => {
    const rows: Row[] = [];
    for (const server of servers) {
      const load = new Load(server.port, toolCalls(server.port));
      await load.learn();
      await load.run(connections, { count: few });
      const { rssBytes: early } = await server.usage(true);
      await load.run(connections, { count: many - few });
      const { rssBytes: late } = await server.usage(true);
      const thousands = (count: number) => `${count / 1000}k`;
      rows.push(
        row({
          what: `resident memory after ${thousands(many)} / ${thousands(few)} calls: ${server.name}`,
          values: [late / early],
          medians: `${megabytes(late)} / ${megabytes(early)} MB, after a collection`,
          ...(server.name === "Lutra" && { target: { atMost: 1.1 } }),
        }),
      );
    }
    return rows;
  });
}

function megabytes(bytes: number): string {
  return significant(bytes / 1_000_000);
}
