/** The page of the app. It reports the time of the first frame in which the result is shown. */
import { createView } from "lutra/apps/view";

const view = createView({
  name: "bench",
  version: "1.0.0",
  onResult: ({ structuredContent }) => {
    const heading = document.querySelector("h1");
    if (heading !== null) heading.textContent = JSON.stringify(structuredContent);
    // The second frame begins after the first one was painted.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        view.log("info", { at: performance.timeOrigin + performance.now() });
      }),
    );
  },
});
