/** Views that disturb their host, other views or the user, in Chromium. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.ts";
import { type Attack, createAttackServer } from "./attack-server.ts";
import { type HostPage, type Stage, startStage } from "./stage.ts";

/** Tries everything on a click of the user, and logs the values and the names of errors. */
const onClick = (attempts: { readonly [name: string]: string }) => `
  const attempts = { ${Object.entries(attempts)
    .map(([name, code]) => `${name}: async () => ${code}`)
    .join(", ")} };
  const paragraph = document.querySelector("p");
  const clicked = new Promise((resolve) => {
    paragraph.onclick = async () => {
      const outcomes = await Promise.all(Object.entries(attempts).map(async ([name, attempt]) => [
        name, await attempt().then(String, (error) => error.name)]));
      resolve(Object.fromEntries(outcomes));
    };
  });
  paragraph.className = "ready";
  return await clicked;`;

/** The operations that need a click, with the result in a view. */
const gestures = {
  fullscreen: ["document.documentElement.requestFullscreen()", "TypeError"],
  pointer: ["document.body.requestPointerLock()", "SecurityError"],
  popup: ["window.open(attacker)", "null"],
  navigate_top: ["{ top.location = attacker }", "SecurityError"],
  read_clipboard: ["navigator.clipboard.readText()", "NotAllowedError"],
  write_clipboard: ["navigator.clipboard.writeText(secret)", "NotAllowedError"],
  paste: ["document.execCommand('paste')", "false"],
  files: ["showOpenFilePicker()", "SecurityError"],
  // A dialog that is not shown returns at once.
  confirm: ["confirm('x')", "false"],
  prompt: ["prompt('x')", "null"],
  share: ["navigator.share({ text: secret })", "TypeError"],
  notify: ["Notification.requestPermission()", "denied"],
  persist: ["navigator.storage.persist()", "TypeError"],
  storage: ["document.requestStorageAccess()", "NotAllowedError"],
  worker: ["navigator.serviceWorker.register('/worker.js')", "SecurityError"],
} as const;

const powerful = [
  ...["accelerometer", "autoplay", "bluetooth", "camera", "clipboard-read", "clipboard-write"],
  ...["display-capture", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection"],
  ...["local-fonts", "microphone", "midi", "payment", "publickey-credentials-get", "serial"],
  ...["screen-wake-lock", "usb", "window-management", "xr-spatial-tracking"],
];

const evil = `JSON.parse('{ "__proto__": { "polluted": 1 }, "constructor": { "prototype": { "polluted": 1 } } }')`;

const attacks: { readonly [name: string]: Attack } = {
  leave: { script: `window.name = secret; history.replaceState({ secret }, ""); return "left";` },
  find: { script: "return [window.name, history.state, opener, document.referrer];" },
  domain: { script: `document.domain = "localhost"; return "set";` },
  go_back: {
    script: `
      history.back();
      history.go(-1);
      // A traversal that would be allowed takes place before the answer.
      for (let sent = 0; sent < 20; sent += 1) await request("ping");
      return "sent";`,
  },
  spin: { script: `log("spinning"); await request("ping"); for (;;) {}` },
  gestures: {
    script: onClick(
      Object.fromEntries(Object.entries(gestures).map(([name, [code]]) => [name, code])),
    ),
  },
  download: {
    script: onClick({
      link: "addTo(document.body, 'a', { href: URL.createObjectURL(new Blob(['x'])), download: 'x' }).click()",
    }),
  },
  features: {
    script: `return ${JSON.stringify(powerful)}.filter((name) => document.featurePolicy.allowsFeature(name));`,
  },
  pollute: {
    script: `
      const evil = ${evil};
      const names = ["ui/message", "ui/update-model-context", "tools/call", "__proto__", "constructor"];
      for (const method of names) {
        const params = { ...evil, role: "user", content: [evil], structuredContent: evil, _meta: evil };
        Object.defineProperty(params, "__proto__", { value: evil, enumerable: true });
        request(method, { ...params, name: "__proto__", arguments: evil });
        post({ id: "__proto__", method, params });
      }
      for (const name of ["size-changed", "initialized"]) post({ method: "ui/notifications/" + name, params: evil });
      await request("tools/call", { name: "pollute", arguments: evil, _meta: evil });
      return "sent";`,
  },
  deep: {
    script: `
      const nested = (depth) => {
        let value = {};
        for (let at = 0; at < depth; at += 1) value = { a: value };
        return value;
      };
      for (const depth of [500, 1000, 2000, 3000, 5000, 10_000, 50_000]) {
        try {
          post({ id: "deep" + depth, method: "tools/call", params: { name: "deep", arguments: nested(depth) } });
        } catch {}
      }
      await request("ping");
      return "sent";`,
  },
  large: {
    script: `
      let shared = ["x"];
      for (let level = 0; level < 40; level += 1) shared = [shared, shared];
      const gaps = [];
      gaps.length = 4_000_000_000;
      const { port2 } = new MessageChannel();
      parent.postMessage({ jsonrpc: "2.0", id: 4711, method: "ping", params: { port2 } }, "*", [port2]);
      for (const data of [shared, gaps, new Uint8Array(20_000_000)]) {
        post({ id: 4712, method: "ping", params: { data } });
      }
      return Object.keys(await request("ping"));`,
  },
  across: {
    script: `
      const params = { html: "<p>forged</p>", content: [], role: "user" };
      const outcomes = [];
      for (let at = 0; at < top.length; at += 1) {
        if (top[at] === parent) continue;
        for (const method of ["ui/notifications/tool-result", "ui/notifications/sandbox-resource-ready", "ui/message"]) {
          for (const target of [top[at], top[at][0]]) target?.postMessage({ jsonrpc: "2.0", id: 4711, method, params }, "*");
        }
        for (const attempt of [() => { top[at].location = attacker }, () => { top[at][0].location = attacker }, () => top[at][0].document]) {
          try { outcomes.push(String(attempt())); } catch (error) { outcomes.push(error.name); }
        }
      }
      await request("ping");
      return outcomes;`,
  },
  victim: {
    early: `
      const received = [];
      addEventListener("message", ({ data }) => received.push(data.id ?? data.method));`,
    script: `
      const paragraph = document.querySelector("p");
      paragraph.className = "ready";
      return new Promise((resolve) => {
        paragraph.onclick = () => resolve(received);
      });`,
  },
};

describe.skipIf(!hasChromium)(`a view that disturbs${needsChromium}`, { timeout: 120_000 }, () => {
  let stage: Stage;
  let opened: HostPage;
  const errors: string[] = [];

  beforeAll(async () => {
    const attacker = () => stage.attacker;
    stage = await startStage({
      attack: createAttackServer(attacks, { attacker }),
      other: createAttackServer(attacks, { attacker }),
    });
    opened = await stage.openPage();
    opened.page.on("pageerror", (error) => errors.push(String(error)));
  }, 120_000);
  afterAll(() => stage.end());
  beforeEach(async () => {
    errors.length = 0;
    stage.received.length = 0;
    await opened.run((host) => {
      host.events.length = 0;
      host.records.length = 0;
    }, undefined);
  });

  const open = (tool: string, options: object = {}, { run } = opened) =>
    run((host, opening) => host.open(opening), { server: "attack", tool, ...options });

  /** Waits for what views have logged. */
  async function outcomes(count = 1, { run } = opened): Promise<readonly unknown[]> {
    const logged = () =>
      run((host) => (host.ofKind("log") as { data: unknown }[]).map(({ data }) => data), undefined);
    await expect.poll(logged, { timeout: 30_000 }).toHaveLength(count);
    return await logged();
  }

  const click = (title = "") =>
    opened.page
      .frameLocator(title === "" ? "mcp-app iframe" : `mcp-app iframe[title=${title}]`)
      .frameLocator("iframe")
      .locator("p.ready")
      .click();

  it("leaves no name and no history for the next view", async () => {
    await open("leave");
    await outcomes();
    await open("find");
    expect((await outcomes(2))[1]).toEqual(["", null, null, ""]);
  });

  it("can't take a domain", async () => {
    await open("domain");
    expect(await outcomes()).toEqual(["SecurityError"]);
  });

  it("can't take the user to the page before the host", async () => {
    const own = await stage.openPage();
    await own.page.goto(`${stage.attacker}/before`);
    await own.page.goto(`${stage.host}/?${new URLSearchParams({ sandbox: stage.sandbox })}`);
    const length = await own.page.evaluate(() => history.length);
    stage.received.length = 0;
    await open("go_back", {}, own);
    expect(await outcomes(1, own)).toEqual(["sent"]);
    expect(await own.page.evaluate(() => history.length)).toBe(length);
    expect(stage.received).toEqual([]);
  });

  it("adds no entry to the history of the host, also if it declares domains", async () => {
    const length = () => opened.page.evaluate(() => history.length);
    const before = await length();
    await open("features", { permissions: ["camera"] });
    await outcomes();
    expect(await length()).toBe(before);
  });

  it("can be closed while it computes without end", async () => {
    await open("spin");
    await outcomes();
    await opened.run((host) => host.element.close(), undefined);
    expect(await opened.page.locator("mcp-app iframe").count()).toBe(0);
    await open("features");
    expect((await outcomes(2))[1]).toEqual([]);
  });

  it("gets nothing with a click of the user", async () => {
    await open("gestures");
    await click();
    const expected = Object.entries(gestures).map(([name, [, outcome]]) => [name, outcome]);
    expect(await outcomes()).toEqual([Object.fromEntries(expected)]);
    expect(opened.page.context().pages()).toEqual([opened.page]);
    expect(stage.received).toEqual([]);
  });

  it("can't download a file", async () => {
    const names: string[] = [];
    opened.page.on("download", (download) => names.push(download.suggestedFilename()));
    await open("download");
    await click();
    await outcomes();
    // The download of the host begins after that of the view would have.
    await opened.page.evaluate(() => {
      const href = URL.createObjectURL(new Blob(["x"]));
      Object.assign(document.createElement("a"), { href, download: "host.txt" }).click();
    });
    await expect.poll(() => names).toEqual(["host.txt"]);
  });

  it("has no powerful feature of the browser", async () => {
    await open("features");
    expect(await outcomes()).toEqual([[]]);
  });

  it("can't change the prototypes of its host", async () => {
    await open("pollute");
    expect(await outcomes()).toEqual(["sent"]);
    const polluted = await opened.run(
      () => ["polluted" in {}, "polluted" in [], "polluted" in Function.prototype],
      undefined,
    );
    expect(polluted).toEqual([false, false, false]);
    expect(errors).toEqual([]);
  });

  it("can't exhaust its host with deep messages", async () => {
    await open("deep");
    expect(await outcomes()).toEqual(["sent"]);
    expect(errors).toEqual([]);
  });

  it("can't block its proxy with messages whose text is long, nor pass a port", async () => {
    await open("large");
    expect(await outcomes()).toEqual([["jsonrpc", "id", "result"]]);
    const records = await opened.run((host) => JSON.stringify(host.records), undefined);
    expect(records).not.toContain("4712");
    expect(records).toContain('"size"');
    expect(records).toContain('"port2":{}');
  });

  it("can't reach the view of another server in the same page", async () => {
    await open("victim", { server: "other" });
    await open("across", { isSecond: true });
    expect(await outcomes()).toEqual([[]]);
    await click("victim");
    const [, received] = await outcomes(2);
    expect(received).not.toContain(4711);
    expect(await opened.run((host) => host.ofKind("message"), undefined)).toEqual([]);
    await opened.page.evaluate(() => document.querySelectorAll("mcp-app")[1]?.remove());
  });
});
