/** Runs `lutra gateway` over two replicas of a test, and opens its console. */
import type { ConfigInput } from "@lutra/gateway";
import type { Browser, BrowserContextOptions } from "playwright-core";
import {
  startReplica,
  type TestReplica,
} from "../../packages/gateway/src/console/fixtures/replica.ts";
import { createPoster, type Posted } from "../../packages/gateway/src/fixtures/posting.ts";
import { startGatewayCommand } from "../gateway/start-gateway.ts";
import { type OpenedPage, openPage } from "./open-page.ts";

export interface StartedConsole extends OpenedPage {
  readonly replicas: readonly [TestReplica, TestReplica];
  /** The link that the command has printed. */
  readonly link: string;
  readonly url: string;
  /** Calls the tool `echo` a number of times, one after the other. */
  readonly call: (times: number) => Promise<readonly Posted[]>;
  readonly post: ReturnType<typeof createPoster>;
}

/** Starts a gateway whose upstream `places` has two replicas that take turns. */
export async function startConsole(
  browser: Browser,
  config: Partial<ConfigInput> = {},
  options: BrowserContextOptions = {},
): Promise<StartedConsole> {
  const replicas = [await startReplica(), await startReplica()] as const;
  const gateway = await startGatewayCommand({
    listen: { port: 0 },
    admin: { port: 0 },
    log: false,
    upstreams: { places: { url: replicas.map(({ url }) => url), balance: "round-robin" } },
    ...config,
  });
  const [, link = ""] = await gateway.line(/^lutra: console on (http:\S+)$/);
  const post = createPoster();
  const call = async (times: number) => {
    const answers: Posted[] = [];
    for (let at = 0; at < times; at += 1) {
      answers.push(await post(gateway.url, "tools/call", { name: "echo", arguments: {} }));
    }
    return answers;
  };
  return {
    ...(await openPage(browser, link, options)),
    replicas,
    link,
    url: gateway.url,
    call,
    post,
  };
}
