/** The context of a view that a page detects by itself. */
import type { HostContext } from "../../protocol/host-context.ts";

/** Returns theme, language and device. Members that the page sets itself take precedence. */
export function surroundings(): HostContext {
  return {
    theme: darkScheme().matches ? "dark" : "light",
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: "web",
    deviceCapabilities: {
      touch: navigator.maxTouchPoints > 0,
      hover: matchMedia("(hover: hover)").matches,
    },
  };
}

/** The preference of the user. */
export function darkScheme(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}
