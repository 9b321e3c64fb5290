/** `npm run setup`: installs and builds what is missing or out of date, and nothing else. */
import { isBuildStale, isInstallStale } from "./freshness.mjs";
import { install, node, requireNode, requireStep, root } from "./steps.mjs";

requireNode();

if (isInstallStale(root)) await install("installing dependencies", root);

if (isBuildStale(root)) {
  await requireStep("building packages", node("scripts/build.mjs"), {
    remedy: "The build failed. Correct the errors above, then run: npm run build",
  });
}
