/** The shadow root of the element. */
import type { DisplayMode } from "../../protocol/capabilities.ts";
import { elementStyle } from "./style.ts";

/** The state that the attribute `state` shows. */
export type ElementState = "closed" | "loading" | "ready" | "failed";

/** The parts of an element that a session changes. */
export interface ElementParts {
  readonly host: HTMLElement;
  /** Contains the frame, and has the height that the view reports. */
  readonly box: HTMLElement;
  readonly title: HTMLElement;
  /** Leaves the display modes `fullscreen` and `pip`. */
  readonly leave: HTMLButtonElement;
  readonly setState: (state: ElementState) => void;
  readonly setMode: (mode: DisplayMode) => void;
}

/** Creates the shadow root. */
export function createParts(host: HTMLElement): ElementParts {
  const root = host.attachShadow({ mode: "open" });
  // Unlike an element with text, this needs no inline styles in the policy of the page.
  const style = new CSSStyleSheet();
  style.replaceSync(elementStyle);
  root.adoptedStyleSheets = [style];
  const title = createPart("span", "title");
  const leave = createPart("button", "leave");
  leave.type = "button";
  leave.textContent = "Close";
  const bar = createPart("div", "bar");
  bar.append(title, leave);
  const box = createPart("div", "frame");
  // Inserting a frame takes time, so the first one is there before a view is opened.
  box.append(document.createElement("iframe"));
  root.append(bar, box, document.createElement("slot"));
  return {
    host,
    box,
    title,
    leave,
    setState: (state) => host.setAttribute("state", state),
    setMode: (mode) => host.setAttribute("display-mode", mode),
  };
}

/** A part that pages can style with `::part(name)`. */
function createPart<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
): HTMLElementTagNameMap[Tag] {
  const part = document.createElement(tag);
  part.className = name;
  part.setAttribute("part", name);
  return part;
}
