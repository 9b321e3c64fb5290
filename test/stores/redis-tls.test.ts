/** Redis over TLS. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openRedis } from "@lutra/stores/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./free-port.ts";
import { hasRedisBinary } from "./redis-server.ts";

const run = promisify(execFile);
const hasOpenSSL = spawnSync("openssl", ["version"]).status === 0;

describe.skipIf(!hasRedisBinary || !hasOpenSSL)(
  "Redis over TLS (needs redis-server, openssl)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "lutra-redis-tls-"));
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    let url = "";
    let stop = async () => {};

    beforeAll(async () => {
      const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
      const create = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject];
      await run("openssl", [...create, "-keyout", key, "-out", certificate]);
      const port = await freePort();
      const tls = ["--tls-port", `${port}`, "--tls-cert-file", certificate, "--tls-key-file", key];
      const flags = [
        "--port",
        "0",
        ...tls,
        "--tls-auth-clients",
        "no",
        "--save",
        "",
        "--dir",
        folder,
      ];
      const server = spawn("redis-server", flags, { stdio: ["ignore", "pipe", "inherit"] });
      for await (const line of server.stdout) if (`${line}`.includes("Ready to accept")) break;
      url = `rediss://127.0.0.1:${port}`;
      stop = async () => {
        const ended = once(server, "exit");
        server.kill("SIGKILL");
        await ended;
      };
    });
    afterAll(async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it("works for a process that trusts the certificate", async () => {
      const program = `
      import { openRedis } from "@lutra/stores/redis";
      const store = await openRedis(process.argv[1]);
      console.log(await store.replayGuard.claim("once", 60000));
      await store.close();`;
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
      const args = ["--input-type=module", "--eval", program, url];
      const { stdout } = await run(process.execPath, args, { env });
      expect(stdout).toBe("true\n");
    });

    it("is refused with the reason for a certificate that is not trusted", async () => {
      await expect(openRedis(url, { onError: () => {} })).rejects.toThrow(
        /self-signed certificate/,
      );
    });
  },
);
