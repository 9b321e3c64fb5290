/**
 * The sandbox of apps: a listener on an origin of its own, which serves the sandbox proxy and nothing
 * else. Pages of apps run behind it, isolated from the page of the console and its cookie.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSandbox, type Sandbox } from "lutra/apps/host";

export interface AppSandboxOptions {
  /** The address to bind. @default "127.0.0.1" */
  readonly host?: string;
  /** The port; 0 picks a free one. @default 0 */
  readonly port?: number;
}

export interface AppSandbox {
  /** The origin of the sandbox, such as `http://127.0.0.1:41235`. */
  readonly origin: string;
  /** Lets the page of a console at an origin such as `http://127.0.0.1:9464` show apps. */
  readonly allow: (page: string) => void;
  readonly close: () => Promise<void>;
}

/**
 * Opens the listener. It answers with 503 until a page is allowed.
 *
 * @throws {Error} for a port that is in use
 */
export async function openAppSandbox({
  host = "127.0.0.1",
  port = 0,
}: AppSandboxOptions = {}): Promise<AppSandbox> {
  let sandbox: Sandbox | undefined;
  const server = createServer((req, res) => {
    if (sandbox === undefined) res.writeHead(503, { "content-length": 0 }).end();
    else sandbox.node(req, res);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    origin: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    allow: (page) => {
      sandbox = createSandbox({ hosts: namesOf(page) });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Returns the origins under which a page of this machine can be opened. */
function namesOf(page: string): readonly string[] {
  const { origin, port } = new URL(page);
  const names = ["127.0.0.1", "localhost", "[::1]"].map((name) => {
    return new URL(`http://${name}:${port || 80}`).origin;
  });
  return [...new Set([origin, ...names])];
}
