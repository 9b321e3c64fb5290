/** Three gateway processes with one bus behind a balancer that takes them in turn. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ConfigInput } from "@lutra/gateway";
import { type ConfigFile, writeConfig } from "../../test/gateway/config-file.ts";
import { freePort } from "../../test/stores/free-port.ts";

const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));

export type Settings = Omit<ConfigInput, "listen">;

export class GatewayProcess {
  readonly url: string;
  readonly #port: number;
  readonly #file: ConfigFile;
  #child!: ChildProcess;

  static async start(settings: Settings): Promise<GatewayProcess> {
    const port = await freePort();
    const gateway = new GatewayProcess(port, await writeConfig(withPort(settings, port)));
    await gateway.#start();
    return gateway;
  }

  private constructor(port: number, file: ConfigFile) {
    this.#port = port;
    this.#file = file;
    this.url = `http://127.0.0.1:${port}/mcp`;
  }

  /** Ends the process; resolves when its successor listens on the same port. */
  async restart(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await this.#end(signal);
    await this.#start();
  }

  /** Replaces the configuration, which the process reloads. */
  async configure(settings: Settings): Promise<void> {
    const reloaded = this.#printed(/reloaded/);
    await this.#file.replace(withPort(settings, this.#port));
    await reloaded;
  }

  async close(): Promise<void> {
    await this.#end("SIGKILL");
    await this.#file.remove();
  }

  async #start(): Promise<void> {
    const args = [program, "gateway", this.#file.path];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    await this.#printed(/listening on/);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }

  /** Resolves when the process prints a line; rejects when it exits before. */
  #printed(expected: RegExp): Promise<void> {
    const child = this.#child;
    const output: string[] = [];
    return new Promise((resolve, reject) => {
      const read = (line: string): void => {
        output.push(line);
        if (expected.test(line)) resolve();
      };
      for (const stream of [child.stdout, child.stderr]) {
        if (stream !== null) createInterface(stream).on("line", read);
      }
      child.once("exit", () => reject(new Error(`the gateway has exited:\n${output.join("\n")}`)));
    });
  }
}

function withPort(settings: Settings, port: number): ConfigInput {
  return { ...settings, listen: { port } };
}

export interface Balancer {
  readonly url: string;
  readonly close: () => void;
}

/** Sends each request to the next gateway. One that refuses the connection is skipped. */
export async function balance(urls: readonly string[]): Promise<Balancer> {
  let turn = 0;
  const http = createServer((req, res) => void pass(req, res));

  async function pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await buffer(req);
    turn += 1;
    attempt({ req, res, body, first: turn, tried: 0 });
  }

  function attempt({ req, res, body, first, tried }: Attempt): void {
    const url = urls[(first + tried) % urls.length] as string;
    const { method, headers } = req;
    const sent = request(url, { method, headers, agent: false });
    sent.on("response", (response) => {
      res.writeHead(response.statusCode ?? 502, response.rawHeaders);
      res.flushHeaders();
      response.on("error", () => res.destroy());
      response.pipe(res);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      const isRefused = error.code === "ECONNREFUSED" && tried + 1 < urls.length;
      if (isRefused) attempt({ req, res, body, first, tried: tried + 1 });
      else res.destroy();
    });
    res.on("close", () => sent.destroy());
    sent.end(body);
  }

  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    close: () => {
      http.closeAllConnections();
      http.close();
    },
  };
}

interface Attempt {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly body: Buffer;
  readonly first: number;
  readonly tried: number;
}
