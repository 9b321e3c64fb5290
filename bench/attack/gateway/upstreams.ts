/** Upstreams that answer wrongly, without end, or not at all. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { startRecordingUpstream } from "../../../test/gateway/recording-upstream.ts";
import { milliseconds, type Part } from "../part.ts";
import { ask, call, list } from "./asking.ts";
import { type GatewayAttack, type Observation, partOf, tally } from "./attack.ts";
import { attackGateway } from "./attacked-gateway.ts";
import { hostileAnswers } from "./hostile-answers.ts";
import { listAttacks } from "./hostile-lists.ts";
import { type HostileAnswer, startHostileUpstream } from "./hostile-upstream.ts";

/** Maximum time of a merged list while an upstream is out, in milliseconds. */
const maxListMs = 3000;

const attacks: readonly GatewayAttack[] = [
  ...Object.entries(hostileAnswers).map(
    ([group, answers]): GatewayAttack => ({
      name: group,
      sent: `${answers.length} answers to a call, forwarded and parsed`,
      holds: "the client gets an answer or a closed connection, and the next call its own result",
      run: () => answerWrongly(answers),
    }),
  ),
  ...listAttacks,
  {
    name: "a hung upstream",
    sent: "an upstream that accepts and never answers, merged with another one",
    holds: `once it is out, lists of the other take at most ${maxListMs / 1000} s`,
    isOnlyWhole: true,
    run: () => hang(),
  },
];

export const upstreams: Part = partOf("upstreams", "Hostile upstreams", attacks);

async function answerWrongly(answers: readonly HostileAnswer[]): Promise<Observation> {
  const statuses: number[] = [];
  let poisoned = 0;
  const answerTo = async (verify: "upstream" | "gateway") => {
    let current: HostileAnswer = (socket) => socket.end();
    const upstream = await startHostileUpstream((socket, id) => current(socket, id));
    const timeouts = { firstByteMs: 3000, idleMs: 3000 };
    // Broken answers must not take the only replica out, so that each one is read.
    const health = { failures: 1000 };
    const config = { upstreams: { only: { url: upstream.url, verify, timeouts, health } } };
    try {
      await attackGateway(config, async ({ url }) => {
        for (const answer of answers) {
          current = answer;
          statuses.push((await ask(url, call("hostile"))).status);
          const next = await ask(url, call("next"));
          if (next.status !== 200 || !next.text.includes("right")) poisoned += 1;
        }
      });
    } finally {
      await upstream.close();
    }
  };
  // Some answers take as long as the time limits.
  await Promise.all([answerTo("upstream"), answerTo("gateway")]);
  return {
    observed: `${poisoned} poisoned; ${tally(statuses)} (0 is a closed connection)`,
    isHeld: poisoned === 0 && statuses.every((one) => one !== 101),
  };
}

async function hang(): Promise<Observation> {
  const sockets = new Set<{ destroy: () => void }>();
  const hung = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await once(hung.listen(0, "127.0.0.1"), "listening");
  const other = await startRecordingUpstream("other");
  const port = (hung.address() as AddressInfo).port;
  const config = {
    upstreams: { hung: { url: `http://127.0.0.1:${port}/mcp` }, other: { url: other.url } },
    cache: false as const,
  };
  try {
    return await attackGateway(config, async ({ url, adminUrl }) => {
      const startedAt = performance.now();
      const isOut = async () => {
        const shown = await (await fetch(`${adminUrl}/upstreams`)).json();
        const [{ replicas }] = shown as [{ replicas: readonly { state: string }[] }];
        return replicas.every(({ state }) => state === "out");
      };
      while (!(await isOut()) && performance.now() - startedAt < 20_000) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const outMs = performance.now() - startedAt;
      const answers = [];
      for (let count = 0; count < 5; count += 1) answers.push(await ask(url, list));
      const slowest = Math.max(...answers.map(({ ms }) => ms));
      const named = answers.filter(({ text }) => text.includes("hung")).length;
      return {
        observed: `out after ${milliseconds(outMs)}; lists: ${tally(answers.map(({ status }) => status))}, slowest ${milliseconds(slowest)}, ${named} name it`,
        isHeld:
          answers.every(({ status }) => status === 200) && slowest <= maxListMs && named === 5,
      };
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    hung.close();
    await other.close();
  }
}
