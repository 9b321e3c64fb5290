/** The style of the element, inside its shadow root. */
export const elementStyle: string = `
:host { display: block; position: relative; box-sizing: border-box; color-scheme: inherit }
:host([hidden]) { display: none }
:host([bordered]) { border: 1px solid color-mix(in srgb, CanvasText 20%, transparent); border-radius: 8px; overflow: hidden; background: Canvas }
iframe { display: block; width: 100%; height: 100%; border: 0 }
.frame { position: absolute; inset: 0 0 auto 0; opacity: 0; pointer-events: none }
:host([state=ready]) .frame { position: static; opacity: 1; pointer-events: auto }
:host(:not([state=loading], [state=ready])) .frame { display: none }
:host([state=ready]) slot { display: none }
.bar { display: none }
:host([display-mode=fullscreen]), :host([display-mode=pip]) { position: fixed; z-index: 2147483000; display: flex; flex-direction: column; background: Canvas; color: CanvasText }
:host([display-mode=fullscreen]) { inset: 0; width: auto !important; height: auto !important; max-width: none !important; max-height: none !important; margin: 0 !important; border: 0; border-radius: 0 }
:host([display-mode=pip]) { inset: auto 16px 16px auto; width: min(400px, calc(100vw - 32px)) !important; height: min(320px, calc(100vh - 32px)) !important; margin: 0 !important; border: 1px solid color-mix(in srgb, CanvasText 20%, transparent); border-radius: 8px; overflow: hidden; box-shadow: 0 8px 24px rgb(0 0 0 / 25%) }
:host([display-mode=fullscreen]) .bar, :host([display-mode=pip]) .bar { display: flex; align-items: center; gap: 12px; padding: 6px 12px; font: 14px/1.4 system-ui, sans-serif }
:host([display-mode=fullscreen]) .frame, :host([display-mode=pip]) .frame { flex: 1; height: auto !important }
.title { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
button { min-height: 32px; padding: 0 12px; font: inherit; color: inherit; background: transparent; border: 1px solid color-mix(in srgb, CanvasText 40%, transparent); border-radius: 6px; cursor: pointer }
button:focus-visible { outline: 2px solid Highlight; outline-offset: 2px }
`;
