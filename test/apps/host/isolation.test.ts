/** The isolation of views by the sandbox proxy, in Chromium. */
import { createSocket, type Socket } from "node:dgram";
import { sandboxPage } from "lutra/apps/host";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.ts";
import { type Attack, createAttackServer } from "./attack-server.ts";
import { listen } from "./listen.ts";
import { type HostPage, type Stage, startStage } from "./stage.ts";

/** Starts a connection to the server of the attacker, and waits until all paths have been tried. */
const connect = (udpPort: number) => `
  const servers = [
    { urls: "stun:127.0.0.1:${udpPort}" },
    { urls: "turn:127.0.0.1:${udpPort}", username: "s3cret", credential: "s3cret" },
  ];
  const connection = new RTCPeerConnection({ iceServers: servers });
  connection.createDataChannel("data");
  const done = new Promise((resolve) => {
    connection.onicegatheringstatechange = () =>
      connection.iceGatheringState === "complete" && resolve("complete");
  });
  await connection.setLocalDescription(await connection.createOffer());`;

function attacksOn(udpPort: number): { readonly [name: string]: Attack } {
  const nested = JSON.stringify(
    `<script type="module">${connect(udpPort)} await done; parent.postMessage({ id: "nested" }, "*");</script>`,
  ).replaceAll("</", "<\\/");
  return {
    webrtc: { script: `${connect(udpPort)} return done;` },
    nested_webrtc: {
      script: `
        const done = new Promise((resolve) => waiting.set("nested", () => resolve("complete")));
        addTo(document.body, "iframe", { srcdoc: ${nested} });
        return done;`,
    },
    origin: { script: "return [self.origin, document.domain, self.isSecureContext];" },
  };
}

/** A view that uses the domains that it declares. */
function declaringView(domain: string): Attack {
  return {
    csp: { connectDomains: [domain], resourceDomains: [domain] },
    script: `
      const answer = await fetch(attacker + "/declared-fetch").then(() => "fetched", () => "failed");
      await first(addTo(document.body, "img", { src: attacker + "/declared-image" }), "load", "error");
      const worker = new Worker(URL.createObjectURL(new Blob(["postMessage('worked')"])));
      return [answer, (await new Promise((resolve) => { worker.onmessage = resolve; })).data];`,
  };
}

describe.skipIf(!hasChromium)(`the sandbox proxy${needsChromium}`, { timeout: 120_000 }, () => {
  let stage: Stage;
  let udp: Socket;
  let packets = 0;

  beforeAll(async () => {
    udp = createSocket("udp4", () => {
      packets += 1;
    });
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const attacks = {
      ...attacksOn(udp.address().port),
      // The attacker is on one of these ports.
      declaring: declaringView("http://127.0.0.1:*"),
    };
    const attack = createAttackServer(attacks, { attacker: () => stage.attacker });
    stage = await startStage({ attack });
  }, 120_000);
  afterAll(async () => {
    udp.close();
    await stage.end();
  });
  beforeEach(() => {
    packets = 0;
    stage.received.length = 0;
  });

  const open = ({ run }: HostPage, tool: string) =>
    run((host, opening) => host.open(opening), { server: "attack", tool });

  const logged = async ({ run }: HostPage) => {
    const ofKind = () => run((host) => host.ofKind("log"), undefined);
    await expect.poll(ofKind, { timeout: 30_000 }).toHaveLength(1);
    return ((await ofKind()) as { readonly data: unknown }[])[0]?.data;
  };

  /** Sends a packet, and returns the number of those that arrived before. */
  async function packetsSoFar(): Promise<number> {
    const sender = createSocket("udp4");
    const before = packets;
    sender.send("control", udp.address().port, "127.0.0.1");
    await expect.poll(() => packets).toBeGreaterThan(before);
    sender.close();
    return packets - 1;
  }

  it("gives the view an origin of its own", async () => {
    const opened = await stage.openPage();
    await open(opened, "origin");
    expect(await logged(opened)).toEqual(["null", "", expect.any(Boolean)]);
  });

  it("lets the view use the domains that it declares", async () => {
    const opened = await stage.openPage();
    await open(opened, "declaring");
    expect(await logged(opened)).toEqual(["fetched", "worked"]);
    expect(stage.received).toContain("GET /declared-fetch");
    expect(stage.received).toContain("GET /declared-image");
  });

  it("lets no packet of WebRTC out", async () => {
    const opened = await stage.openPage();
    await open(opened, "webrtc");
    expect(await logged(opened)).toBe("complete");
    expect(await packetsSoFar()).toBe(0);
  });

  it("lets no packet of WebRTC out of a frame inside of the view", async () => {
    const opened = await stage.openPage();
    // Chromium ends the process of the proxy, which playwright reports as a crash of the page.
    const crashed = new Promise((resolve) => opened.page.once("crash", resolve));
    const { attacker, received } = stage;
    await opened.page.evaluate(
      (url) => void setInterval(() => fetch(url), 50),
      `${attacker}/alive`,
    );
    await open(opened, "nested_webrtc").catch(() => {});
    await Promise.race([crashed, logged(opened).catch(() => crashed)]);
    expect(await packetsSoFar()).toBe(0);
    received.length = 0;
    await expect.poll(() => received, { timeout: 15_000 }).toContain("GET /alive");
  });

  it("does not start without a policy", async () => {
    const unprotected = await listen((_, res) => {
      res.writeHead(200, { "content-type": "text/html" });
      res.end(sandboxPage);
    });
    const opened = await stage.openPage();
    const error = opened.page.waitForEvent("pageerror", { timeout: 30_000 });
    const url = `http://localhost:${unprotected.port}/`;
    const opening = opened
      .run((host, sandbox) => host.open({ server: "attack", tool: "origin", sandbox }), url)
      .catch(() => "failed");
    expect((await error).message).toBe(
      "expected to be served with a Content-Security-Policy header",
    );
    await opened.run((host) => host.element.close(), undefined);
    expect(await opening).toBe("failed");
    await unprotected.close();
  });

  it("can't be embedded by another page", async () => {
    const opened = await stage.openPage();
    const lines: string[] = [];
    opened.page.on("console", (message) => lines.push(message.text()));
    await opened.page.goto(`${stage.attacker}/embeds`);
    const proxy = `${stage.sandbox}?${new URLSearchParams({ host: stage.host })}`;
    await opened.page.evaluate((src) => {
      document.body.append(Object.assign(document.createElement("iframe"), { src }));
    }, proxy);
    await expect.poll(() => lines.join("\n"), { timeout: 30_000 }).toMatch(/frame-ancestors/);
  });

  it("is refused by the element on the origin of its page", async () => {
    const opened = await stage.openPage();
    const message = await opened.run(
      (host, sandbox) =>
        host.open({ server: "attack", tool: "origin", sandbox }).catch((error) => error.message),
      stage.host,
    );
    expect(message).toBe(
      "sandbox: expected an http or https URL on an origin other than that of this page",
    );
  });
});
