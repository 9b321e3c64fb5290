/** A server whose apps attack their host. Each tool shows a page with one script. */
import { createServer, defineResource, defineTool, type Server } from "lutra/server";

/** The script of an attack, and what its page declares. */
export interface Attack {
  /**
   * The body of an async function with `attacker` (an origin), `secret`, `request(method, params)`,
   * `post(message)`, `first(target, ...events)`, `addTo(parent, tag, attributes)` and
   * `blocked(run)`, the directive that stops a request to the attacker. The view logs what it returns.
   */
  readonly script: string;
  /** Runs before the view initializes. */
  readonly early?: string;
  readonly csp?: { readonly [list: string]: readonly string[] };
  readonly permissions?: { readonly [name: string]: object };
}

/** Speaks the protocol by hand, as far as attacks need it. */
const prelude = `
const secret = "s3cret";
let nextId = 0;
const waiting = new Map();
addEventListener("message", ({ data }) => waiting.get(data?.id)?.(data));
const post = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
const request = (method, params = {}) =>
  new Promise((resolve) => {
    const id = nextId++;
    waiting.set(id, resolve);
    post({ id, method, params });
  });
const initialize = () => request("ui/initialize", {
  appInfo: { name: "attack", version: "1.0.0" },
  appCapabilities: {},
  protocolVersion: "2026-01-26",
});
addEventListener("message", ({ data }) => {
  if (data?.method === "ui/resource-teardown") post({ id: data.id, result: {} });
});
const first = (target, ...events) =>
  new Promise((resolve) => {
    for (const event of events) target.addEventListener(event, () => resolve(event), { once: true });
  });
const log = (data) => post({ method: "notifications/message", params: { level: "info", data } });
const blocked = (run) =>
  new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
      if (blockedURI.includes(new URL(attacker).host)) resolve(effectiveDirective);
    });
    run();
  });
const addTo = (parent, tag, attributes) => {
  const element = Object.assign(document.createElement(tag), attributes);
  parent.append(element);
  return element;
};
`;

interface AttackOptions {
  /** The origin that views must not reach. */
  readonly attacker: () => string;
  /** Called with the names of tools that are called. */
  readonly onCall?: (name: string) => void;
}

/** Creates the server. The name of each attack is that of its tool. */
export function createAttackServer(
  attacks: { readonly [name: string]: Attack },
  { attacker, onCall = () => {} }: AttackOptions,
): Server {
  const entries = Object.entries(attacks);
  return createServer({
    name: "attack",
    version: "1.0.0",
    tools: entries.map(([name]) =>
      defineTool({
        name,
        _meta: { ui: { resourceUri: `ui://attack/${name}` } },
        call: () => {
          onCall(name);
          return "shown";
        },
      }),
    ),
    resources: entries.map(([name, attack]) => {
      const { csp, permissions } = attack;
      const uri = `ui://attack/${name}`;
      const mimeType = "text/html;profile=mcp-app";
      const _meta = { ui: { ...(csp && { csp }), ...(permissions && { permissions }) } };
      const read = () => ({ uri, mimeType, text: pageOf(attack, attacker()), _meta });
      return defineResource({ uri, name, mimeType, read });
    }),
  });
}

function pageOf({ script, early = "" }: Attack, attacker: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Attack</title></head>
<body>
<p>Attack</p>
<script type="module">
const attacker = ${JSON.stringify(attacker)};
${prelude}
${early}
await initialize();
post({ method: "ui/notifications/initialized" });
try {
  log(await (async () => {${script}})());
} catch (error) {
  log(error.name);
}
</script>
</body>
</html>`;
}
