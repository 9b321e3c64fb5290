/**
 * The style of the host, applied to the page: colour scheme, CSS variables and fonts.
 *
 * @spec ext-apps/apps#theming, ext-apps/apps#custom-fonts
 */
import { isObject } from "../../protocol/json.ts";
import type { HostContext } from "../protocol/host-context.ts";

/** The id of the style element that contains the fonts of the host. */
const fontsId = "lutra-host-fonts";

/** The variables of this library for the safe area, in the order of CSS shorthands. */
const insets = ["top", "right", "bottom", "left"] as const;

/**
 * Applies the theme, the CSS variables, the fonts and the safe area of a host to the page. Sets
 * `color-scheme` and `data-theme` of the root, and `--safe-area-top` to `--safe-area-left` in pixels.
 *
 * Called for each change of the context, unless the option `appliesTheme` is false.
 */
export function applyHostContext(
  { theme, styles, safeAreaInsets }: HostContext,
  root: HTMLElement = document.documentElement,
): void {
  if (theme !== undefined) {
    root.dataset.theme = theme;
    root.style.colorScheme = theme;
  }
  const variables = isObject(styles?.variables) ? styles.variables : {};
  for (const [name, value] of Object.entries(variables)) {
    // An absent value leaves the page's own default in effect.
    if (!name.startsWith("--")) continue;
    if (typeof value === "string") root.style.setProperty(name, value);
    else root.style.removeProperty(name);
  }
  for (const side of insets) {
    const inset = safeAreaInsets?.[side];
    if (typeof inset === "number") root.style.setProperty(`--safe-area-${side}`, `${inset}px`);
  }
  const fonts = styles?.css?.fonts;
  if (typeof fonts === "string") applyFonts(fonts, root.ownerDocument);
}

function applyFonts(css: string, page: Document): void {
  const known = page.getElementById(fontsId);
  const element = known ?? page.createElement("style");
  element.id = fontsId;
  element.textContent = css;
  if (known === null) page.head.append(element);
}
