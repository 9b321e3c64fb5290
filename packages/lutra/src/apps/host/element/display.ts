/**
 * The size and the place of a view in the page.
 *
 * @spec ext-apps/apps#container-dimensions, ext-apps/apps#display-modes,
 *   ext-apps/apps#host-behavior-1, ext-apps/apps#requirements
 */
import type { DisplayMode } from "../../protocol/capabilities.ts";
import type { ContainerDimensions, HostContext } from "../../protocol/host-context.ts";
import type { AppBridge } from "../bridge/create-app-bridge.ts";
import type { AppHooks } from "../bridge/options.ts";
import type { ElementParts, ElementState } from "./element-parts.ts";
import type { CompleteElementOptions } from "./options.ts";
import { darkScheme, surroundings } from "./surroundings.ts";

/** The height of a view that has not reported its size, in pixels. */
const initialHeight = 300;

/** The part of the page in which one view is shown. */
export class Display {
  readonly #parts: ElementParts;
  readonly #options: CompleteElementOptions;
  readonly #close: () => void;
  readonly #ended = new AbortController();
  #mode: DisplayMode = "inline";
  #dimensions: ContainerDimensions = {};

  /** @param close Called when the user or the view closes the view */
  constructor(parts: ElementParts, options: CompleteElementOptions, close: () => void) {
    this.#parts = parts;
    this.#options = options;
    this.#close = close;
  }

  /** Returns an empty frame for the view. */
  begin(): HTMLIFrameElement {
    this.#parts.setState("loading");
    this.#setMode("inline");
    this.#setHeight(initialHeight);
    // The end of a view removes its frame, so one that exists has not been used.
    return this.#parts.box.querySelector("iframe") ?? this.replaceFrame();
  }

  /** Replaces the frame by an empty one. The old one would keep its policy, and an entry in the history. */
  replaceFrame(): HTMLIFrameElement {
    const frame = document.createElement("iframe");
    this.#parts.box.replaceChildren(frame);
    return frame;
  }

  /** Shows what is known of the view once its page has been read. */
  describe(title: string, isBordered: boolean): void {
    const { host, box } = this.#parts;
    this.#parts.title.textContent = title;
    host.toggleAttribute("bordered", isBordered);
    for (const frame of box.querySelectorAll("iframe")) frame.title = title;
    this.#dimensions = this.#measure();
  }

  /** The surroundings of the view. */
  get context(): HostContext {
    return {
      ...surroundings(),
      displayMode: this.#mode,
      availableDisplayModes: this.#options.displayModes,
      containerDimensions: this.#dimensions,
      ...this.#options.context,
    };
  }

  /** The functions of the bridge that concern the page. Those of the options are called, too. */
  get hooks(): Pick<AppHooks, "onSize" | "onDisplayMode" | "onCloseRequest" | "onOpenLink"> {
    const { onSize, onDisplayMode, onCloseRequest = this.#close, onOpenLink } = this.#options;
    return {
      onSize: (size) => {
        if (size.height !== undefined) this.#setHeight(size.height);
        onSize?.(size);
      },
      onDisplayMode: async (wanted) => {
        this.#setMode((await onDisplayMode?.(wanted)) ?? wanted);
        return this.#mode;
      },
      onCloseRequest,
      onOpenLink: onOpenLink ?? ((url) => void window.open(url, "_blank", "noopener,noreferrer")),
    };
  }

  /** Sends changes of its surroundings to the view. */
  follow(bridge: AppBridge): void {
    const { signal } = this.#ended;
    const observer = new ResizeObserver(() => this.#resize(bridge));
    observer.observe(this.#parts.box);
    signal.addEventListener("abort", () => observer.disconnect());
    this.#parts.leave.addEventListener("click", () => this.#leave(bridge), { signal });
    if (this.#options.context.theme !== undefined) return;
    const onTheme = ({ matches }: MediaQueryListEvent) =>
      bridge.setContext({ theme: matches ? "dark" : "light" });
    darkScheme().addEventListener("change", onTheme, { signal });
  }

  /** Removes the frame. */
  end(state: ElementState): void {
    this.#ended.abort();
    this.#parts.box.replaceChildren();
    this.#parts.host.removeAttribute("display-mode");
    this.#parts.setState(state);
  }

  #setHeight(height: number): void {
    this.#parts.box.style.height = `${Math.min(height, this.#options.maxHeight)}px`;
  }

  #setMode(mode: DisplayMode): void {
    this.#mode = mode;
    this.#parts.setMode(mode);
  }

  /** Sends new dimensions, unless only the height has changed, which the view itself has chosen. */
  #resize(bridge: AppBridge): void {
    const next = this.#measure();
    const { width, height } = this.#dimensions;
    if (next.width === width && next.height === height) return;
    this.#dimensions = next;
    bridge.setContext({ containerDimensions: next });
  }

  #leave(bridge: AppBridge): void {
    if (!bridge.supportsDisplayMode("inline")) {
      this.#close();
      return;
    }
    this.#setMode("inline");
    this.#dimensions = this.#measure();
    bridge.setContext({ displayMode: "inline", containerDimensions: this.#dimensions });
  }

  /** Between other content, the height follows the view; elsewhere it is fixed. In pixels. */
  #measure(): ContainerDimensions {
    const { clientWidth: width, clientHeight: height } = this.#parts.box;
    const { maxHeight } = this.#options;
    return this.#mode === "inline" ? { width, maxHeight } : { width, height };
  }
}
