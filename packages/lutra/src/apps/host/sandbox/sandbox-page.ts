/**
 * The sandbox proxy: a page on an origin of its own, between a host and a view. It loads the page of
 * the view into a frame with an opaque origin and relays messages.
 *
 * @spec ext-apps/apps#sandbox-proxy, ext-apps/apps#1-iframe-sandboxing
 */
import {
  sandboxPrefix,
  sandboxProxyReady,
  sandboxResourceReady,
} from "../../protocol/host-messages.ts";
import { permissionFeatures } from "../../protocol/resource-meta.ts";
import { sandboxRefused } from "./refused.ts";

/** Maximum number of messages that a view may send in a second. Further ones are dropped. */
export const maxMessagesPerSecond = 500;

/** Number of dropped messages after which a view is removed. */
export const maxDroppedMessages = 5000;

/** Number of dropped messages as which a message counts that is too large or binary. */
const largeMessageWeight = 100;

/** Time without dropped messages after which their count begins again, in milliseconds. */
const calmMs = 10_000;

/** Maximum length of a message of a view, in characters of JSON. */
const maxMessageLength = 10_485_760;

/**
 * The attribute `sandbox` of the frame of a view. With `allow-same-origin` the view could change the
 * proxy.
 */
const innerSandbox = "allow-scripts allow-forms";

/** The program of the page, a classic script. It runs under the policy of the view. */
const script = `
"use strict";
(() => {
  const host = new URLSearchParams(location.search).get("host") ?? "";
  const ancestor = location.ancestorOrigins?.[0] ?? host;
  if (parent === self) throw new Error("expected to be embedded in a host");
  if (!/^https?:\\/\\/[^/?#]+$/.test(host) || ancestor !== host || host === location.origin) {
    throw new Error("host: expected the origin of the embedding page, other than that of this one");
  }
  const inner = document.createElement("iframe");
  inner.title = "App";
  inner.setAttribute("sandbox", "${innerSandbox}");
  let isLoaded = false;
  let second = 0;
  let received = 0;
  let dropped = 0;
  let droppedAt = 0;
  let reported = new Set();

  addEventListener("message", ({ source, origin, data }) => {
    if (source === parent && origin === host) receiveFromHost(data);
    else if (source !== null && source === inner.contentWindow && origin === "null") {
      receiveFromView(data);
    }
  });
  checkPolicy(() => send("${sandboxProxyReady.name}", {}));

  /** Every policy of a view forbids plugins, and most of them also code from text. */
  function checkPolicy(start) {
    try {
      new Function("");
    } catch {
      return start();
    }
    const probe = document.createElement("object");
    probe.onload = () => {
      throw new Error("expected to be served with a Content-Security-Policy header");
    };
    addEventListener("securitypolicyviolation", () => (probe.remove(), start()), { once: true });
    probe.data = "data:text/html,";
    document.body.append(probe);
  }

  function receiveFromHost(data) {
    const method = typeof data?.method === "string" ? data.method : "";
    if (method === "${sandboxResourceReady.name}") load(data.params);
    else if (!method.startsWith("${sandboxPrefix}")) inner.contentWindow?.postMessage(data, "*");
  }

  function load({ html, permissions = {} }) {
    if (isLoaded || typeof html !== "string") return;
    isLoaded = true;
    const features = ${JSON.stringify(permissionFeatures)};
    const allowed = Object.keys(features).filter((name) => permissions[name]);
    inner.allow = allowed.map((name) => features[name]).join("; ");
    inner.srcdoc = html;
    document.body.append(inner);
  }

  function receiveFromView(data) {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      second = now;
      received = 0;
      reported = new Set();
    }
    received += 1;
    if (received > ${maxMessagesPerSecond}) return refuse("rate");
    if (isTooLarge(data)) return refuse("size", ${largeMessageWeight});
    let text;
    try {
      text = JSON.stringify(data);
    } catch {
      return refuse("not JSON");
    }
    if (text === undefined) return refuse("not JSON");
    if (text.length > ${maxMessageLength}) return refuse("size", ${largeMessageWeight});
    const copy = JSON.parse(text);
    const method = copy?.method;
    if (typeof method === "string" && method.startsWith("${sandboxPrefix}")) return refuse("reserved");
    parent.postMessage(copy, host);
  }

  /**
   * Some values have a text that is far longer than the message: bytes, arrays with gaps, and objects
   * that occur in several places. So its least length is computed first.
   */
  function isTooLarge(data) {
    const { isView } = ArrayBuffer;
    const { isArray } = Array;
    const { keys } = Object;
    let left = ${maxMessageLength};
    const open = [data];
    while (open.length > 0 && left >= 0) {
      const value = open.pop();
      left -= typeof value === "string" ? value.length + 2 : 1;
      if (typeof value !== "object" || value === null) continue;
      if (isView(value)) return true;
      if (isArray(value)) left -= value.length;
      if (left < 0) return true;
      for (const name of keys(value)) {
        left -= name.length + 3;
        open.push(value[name]);
      }
    }
    return left < 0;
  }

  function refuse(reason, weight = 1) {
    const now = performance.now();
    if (now - droppedAt > ${calmMs}) dropped = 0;
    droppedAt = now;
    dropped += weight;
    if (dropped > ${maxDroppedMessages}) {
      inner.remove();
      reason = "flood";
    }
    if (reported.has(reason)) return;
    reported.add(reason);
    send("${sandboxRefused.name}", { reason });
  }

  function send(method, params) {
    parent.postMessage({ jsonrpc: "2.0", method, params }, host);
  }
})();
`;

/**
 * The HTML of the proxy. It starts only if it is served with a Content-Security-Policy header and is
 * embedded by the origin in its query parameter `host`.
 */
export const sandboxPage: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Sandbox</title>
<style>html, body { height: 100%; margin: 0; overflow: hidden } iframe { display: block; width: 100%; height: 100%; border: 0 }</style>
</head>
<body>
<script>${script}</script>
</body>
</html>
`;
