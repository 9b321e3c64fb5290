/** A gateway that may open few files. */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { startRecordingUpstream } from "../../../test/gateway/recording-upstream.ts";
import { ask, call } from "./asking.ts";
import { type Observation, tally } from "./attack.ts";
import { type AttackedGateway, type AttackedOptions, attackGateway } from "./attacked-gateway.ts";

/** Maximum number of file descriptors of each process. */
export const openFiles = 256;

/** Opens more connections than a gateway has file descriptors, and calls a tool. */
export async function useUpFiles(options?: AttackedOptions): Promise<Observation> {
  const upstream = await startRecordingUpstream("recording");
  const config = { upstreams: { only: { url: upstream.url } } };
  const attack = async (gateway: AttackedGateway): Promise<Observation> => {
    const sockets = await Promise.all(Array.from({ length: 400 }, () => openIdle(gateway.url)));
    const flooded = await Promise.all(
      Array.from({ length: 200 }, () => ask(gateway.url, call("who"))),
    );
    for (const socket of sockets) socket.destroy();
    const recovered = await untilAnswered(gateway);
    const shown = await (await fetch(`${gateway.adminUrl}/upstreams`)).text();
    const statuses = flooded.map(({ status }) => status);
    const isSaid = gateway.stderr.some((line) => /descriptor|connections/.test(line));
    const isOut = shown.includes('"out"');
    return {
      observed: `${tally(statuses)} (0 is a closed connection); ${isSaid ? "reported" : "not reported"}; replica ${isOut ? "ejected" : "in service"}; ${recovered ? "recovered" : "did not recover"}`,
      isHeld: statuses.every((one) => [0, 200, 503].includes(one)) && isSaid && !isOut && recovered,
    };
  };
  try {
    return await attackGateway(config, attack, { ...options, openFiles });
  } finally {
    await upstream.close();
  }
}

function openIdle(url: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => resolve(socket));
    socket.on("error", () => resolve(socket));
  });
}

async function untilAnswered({ url }: AttackedGateway): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await ask(url, call("who"))).status === 200) return true;
    await delay(100);
  }
  return false;
}
