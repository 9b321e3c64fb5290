/** The checks below HTTP: the address, and the certificate. */
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type Finding, findingsOf, reasonOf } from "./finding.ts";
import type { Endpoint } from "./raw-request.ts";

/** The remaining time below which a certificate is reported, in milliseconds. */
const expiringMs = 14 * 86_400_000;
const dayMs = 86_400_000;

const remedies: { readonly [code: string]: string } = {
  ENOTFOUND: "check the name of the host, and the DNS of this machine",
  EAI_AGAIN: "check the DNS of this machine",
  ECONNREFUSED: "start the server, or check the port",
};

/** Connects to the address of an endpoint. */
export async function checkAddress({ url, timeoutMs }: Endpoint): Promise<Finding> {
  const { ok, problem } = findingsOf("address");
  const since = performance.now();
  const place = `${hostOf(url)}:${portOf(url)}`;
  const socket = connectPlain({ host: hostOf(url), port: portOf(url) });
  try {
    await connected(socket, "connect", timeoutMs);
    const ms = Math.round(performance.now() - since);
    return ok(`${place} accepts connections (${socket.remoteAddress}, ${ms} ms)`);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const remedy = remedies[code] ?? "check the address, and the firewalls on the way";
    return problem(`${place} can't be reached: ${reasonOf(error)}`, remedy);
  } finally {
    socket.destroy();
  }
}

/** Checks the certificate of an https endpoint. There is none for http. */
export async function checkTls({ url, timeoutMs }: Endpoint): Promise<readonly Finding[]> {
  const { ok, warning, problem } = findingsOf("tls");
  if (url.protocol !== "https:") {
    if (isLoopback(url)) return [];
    return [warning("http is not encrypted", "serve https, as clients with tokens require")];
  }
  const host = hostOf(url);
  const socket = connectTls({
    host,
    port: portOf(url),
    servername: /^[\d.]+$|:/.test(host) ? "" : host,
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  });
  try {
    await connected(socket, "secureConnect", timeoutMs);
    if (!socket.authorized) return [problem(certificateProblem(socket), remedyFor(socket))];
    const leftMs = Date.parse(socket.getPeerCertificate().valid_to) - Date.now();
    const days = Math.floor(leftMs / dayMs);
    if (leftMs < expiringMs) {
      return [warning(`the certificate expires in ${days} days`, "renew the certificate")];
    }
    return [ok(`${socket.getProtocol()}, and a certificate that is valid for ${days} days`)];
  } catch (error) {
    return [problem(`no TLS connection: ${reasonOf(error)}`, "check that the port serves https")];
  } finally {
    socket.destroy();
  }
}

function certificateProblem({ authorizationError }: TLSSocket): string {
  return `the certificate is not accepted: ${authorizationError}`;
}

function remedyFor(socket: TLSSocket): string {
  const code = String(socket.authorizationError);
  if (code.includes("EXPIRED")) return "renew the certificate, and check the clock of this machine";
  if (code.includes("ALTNAME")) return "use a name that the certificate has";
  return (
    "send the whole chain from the server, or name the authority of a private certificate: " +
    "NODE_EXTRA_CA_CERTS=ca.pem"
  );
}

/** Resolves with an event of the socket. Rejects with its error, or when it takes too long. */
async function connected(socket: Socket, event: string, timeoutMs: number): Promise<void> {
  const tooLong = AbortSignal.timeout(timeoutMs);
  try {
    await once(socket, event, { signal: tooLong });
  } catch (error) {
    throw tooLong.aborted ? new Error(`no connection after ${timeoutMs} ms`) : error;
  }
}

/** Returns true for an address of this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
