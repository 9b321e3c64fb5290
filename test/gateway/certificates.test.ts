/** Certificates of a running gateway that change while clients send requests. */
import { readFileSync, writeFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import type { ConfigInput } from "@lutra/gateway";
import { beforeAll, describe, expect, it } from "vitest";
import {
  createAuthority,
  hasOpenSSL,
  replaceCertificate,
} from "../../packages/gateway/src/fixtures/certificates.ts";
import { createPoster } from "../../packages/gateway/src/fixtures/posting.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { startGatewayCommand } from "./start-gateway.ts";

let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await startRecordingUpstream("only");
  return () => upstream.close();
});

async function secureGateway(...options: readonly string[]) {
  const authority = createAuthority();
  const files = authority.issue("first");
  const config: ConfigInput = {
    listen: { port: 0, tls: files },
    admin: false,
    log: false,
    upstreams: { only: { url: upstream.url, verify: "upstream" } },
  };
  const gateway = await startGatewayCommand(config, ...options);
  return { ...gateway, authority, files, ca: readFileSync(authority.ca, "utf8") };
}

/** Returns the name on the certificate that a new connection gets. */
function presented(url: string, ca: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), ca });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const name = socket.getPeerCertificate().subject.CN;
      socket.destroy();
      resolve(Array.isArray(name) ? name[0] : name);
    });
  });
}

/** Sends calls until the returned function is called, which resolves to the statuses. */
function startCalls(url: string, ca: string): () => Promise<readonly number[]> {
  const post = createPoster({ ca });
  const statuses: number[] = [];
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const { status } = await post(url, "tools/call", { name: "who", arguments: {} });
      statuses.push(status);
    }
  })();
  return async () => {
    isOver = true;
    await running;
    return statuses;
  };
}

describe.skipIf(!hasOpenSSL)("the certificate of a gateway (needs openssl)", () => {
  it.each([
    ["when its file changes", "1"],
    ["on SIGHUP", "1"],
    ["on SIGHUP", "2"],
  ])("is renewed %s, under load, in each of %s processes", async (when, processes) => {
    const { authority, files, ca, url, child, line } = await secureGateway(
      "--processes",
      processes,
    );
    expect(await presented(url, ca)).toBe("first");
    const stop = startCalls(url, ca);
    replaceCertificate(files, authority.issue("second"));
    if (when === "on SIGHUP") child.kill("SIGHUP");
    await line(/: reloaded$/m);
    // New connections go to the processes in turn.
    for (let connection = 0; connection < 2; connection += 1) {
      expect(await presented(url, ca)).toBe("second");
    }
    const statuses = await stop();
    expect(statuses.length).toBeGreaterThan(0);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it("stays when the new file is broken, which is reported", async () => {
    const { files, ca, url, line } = await secureGateway();
    writeFileSync(files.cert, "no certificate");
    const [said] = await line(/^.*listen\.tls\.cert.*$/m);
    expect(said).toContain("expected a certificate in PEM: it contains none");
    await line(/the previous configuration remains active/);
    expect(await presented(url, ca)).toBe("first");
  });
});
