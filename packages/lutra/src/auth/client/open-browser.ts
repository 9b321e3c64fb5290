/** Shows a page in the browser of the user. */
import { spawn } from "node:child_process";
import { isProtected } from "./loopback.ts";

/**
 * Opens the browser, and prints the URL on standard error for the case that there is none. The URL is
 * an argument of a program, and never part of a command line that a shell reads.
 *
 * @throws {TypeError} for a URL that is neither `https` nor on loopback
 * @spec basic/authorization/security-considerations
 */
export function openBrowser(url: string): void {
  if (!isProtected(new URL(url))) throw new TypeError("openBrowser: expected an https URL");
  console.error(`Sign in in your browser: ${url}`);
  const [command, args] = opener(process.platform);
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  // Without a browser, the user has the printed URL.
  child.on("error", () => {});
  child.unref();
}

function opener(platform: NodeJS.Platform): readonly [string, readonly string[]] {
  if (platform === "darwin") return ["open", []];
  if (platform === "win32") return ["rundll32", ["url.dll,FileProtocolHandler"]];
  return ["xdg-open", []];
}
