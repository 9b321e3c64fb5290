/** Installs the extensions of a server, with the parts of it that they can use. */
import { CompiledCatalogue } from "./catalogue.ts";
import { resultMeta } from "./catalogues.ts";
import {
  closeExtensions,
  type ExtensionHost,
  hostedTools,
  installExtensions,
  requireInstallable,
  toolCallsOf,
} from "./extension.ts";
import type { ExtensionSupport, HostParts } from "./features.ts";
import { filterMembersOf } from "./filter-member.ts";
import { maskError } from "./mask-error.ts";
import { resourceTopic } from "./subscriptions.ts";

export const extensionSupport: ExtensionSupport = {
  install: (parts, use) => {
    const { extensions } = parts.options;
    requireInstallable(extensions);
    return installExtensions(extensions, hostOf(parts), use);
  },
  toolCallsOf,
  filterMembersOf,
  close: closeExtensions,
};

function hostOf(parts: HostParts): ExtensionHost {
  const { options, runtime, catalogues } = parts;
  const { handles, settings, events } = runtime;
  return {
    ...options,
    events,
    ...listsOf(parts),
    tool: hostedTools(catalogues.tools, { handles, settings }),
    mask: (thrown, where) => maskError(thrown, (error) => options.onMasked(error, where)),
    currentObserver: () => runtime.settings.observer,
  };
}

/** Returns the functions with which extensions add resources and lists. */
function listsOf({
  options,
  runtime,
  catalogues,
}: HostParts): Pick<ExtensionHost, "setResources" | "resourceUpdated" | "createList"> {
  const { pageSize, cache } = options;
  const list = { pageSize, meta: resultMeta(options), sealer: runtime.sealer };
  return {
    setResources: (extension, definitions) =>
      catalogues.resources.replaceOwned(extension, definitions),
    resourceUpdated: (uri) => runtime.publish(resourceTopic(uri), { uri }),
    createList: (init, definitions) =>
      new CompiledCatalogue(
        { hints: cache, ...init, ...list, isOffered: true, onChange: () => {} },
        definitions,
      ),
  };
}
