/** The custom element `<mcp-app>`. */
import type { CallToolResult } from "../../../protocol/tools.ts";
import type { AppBridge } from "../bridge/create-app-bridge.ts";
import { type AppSession, openSession } from "./app-session.ts";
import { createParts, type ElementParts } from "./element-parts.ts";
import { type AppElementOptions, withDefaults } from "./options.ts";

/** The element `<mcp-app>`. Its content is shown until the view is ready, and when it fails. */
export interface AppElement extends HTMLElement {
  /** The bridge of the open view. */
  readonly bridge: AppBridge | undefined;
  /** The result of the call that is shown. */
  readonly result: Promise<CallToolResult> | undefined;
  /**
   * Shows the result of a tool with the page of its app. Resolves once the view has initialized. An
   * open view is closed before.
   *
   * @throws {TypeError} for an invalid option
   * @throws {TransportError} for a page that is not valid, and when the view does not start in time
   */
  readonly open: (options: AppElementOptions) => Promise<AppBridge>;
  /** Announces to the view that it will be removed, and removes it. Call it before the element is removed. */
  readonly close: (reason?: string) => Promise<void>;
}

declare global {
  interface HTMLElementTagNameMap {
    "mcp-app": AppElement;
  }
}

/**
 * Defines the element. It has no effect if the name is in use.
 *
 * @param name The name of the element. @default "mcp-app"
 */
export function defineAppElement(name = "mcp-app"): void {
  if (customElements.get(name) === undefined) customElements.define(name, createElementClass());
}

/** The class is created on demand, because `HTMLElement` exists only in browsers. */
function createElementClass(): new () => AppElement {
  return class extends HTMLElement implements AppElement {
    readonly #parts: ElementParts = createParts(this);
    #session: AppSession | undefined;

    get bridge() {
      return this.#session?.bridge();
    }

    get result() {
      return this.#session?.result;
    }

    async open(init: AppElementOptions): Promise<AppBridge> {
      const options = withDefaults(init);
      await this.close("replaced");
      const session = openSession(this.#parts, options);
      this.#session = session;
      return session.opened;
    }

    async close(reason?: string): Promise<void> {
      const session = this.#session;
      this.#session = undefined;
      await session?.close(reason);
    }

    /** A frame that is removed ends at once, so there is nothing to wait for. */
    disconnectedCallback(): void {
      this.#session?.abort();
      this.#session = undefined;
    }
  };
}
