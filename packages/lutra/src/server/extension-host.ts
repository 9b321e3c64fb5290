/** Installs the extensions of a server, with the parts of it that they can use. */
import type { AdmittedMethod, ServedMethod } from "./admit.ts";
import { CompiledCatalogue } from "./catalogue.ts";
import { resultMeta } from "./catalogues.ts";
import {
  closeExtensions,
  type ExtensionHost,
  hostedTools,
  type InstalledExtension,
  installExtensions,
  requireInstallable,
  toolCallsOf,
} from "./extension.ts";
import type { ExtensionSupport, HostParts } from "./features.ts";
import { filterOf } from "./filter-member.ts";
import { maskError } from "./mask-error.ts";
import type { CompleteOptions } from "./server-options.ts";
import { resourceTopic } from "./subscriptions.ts";

export const extensionSupport: ExtensionSupport = {
  install: (parts, use) => {
    const { extensions } = parts.options;
    requireInstallable(extensions);
    return installExtensions(extensions, hostOf(parts), use);
  },
  toolCallsOf,
  methodsOf,
  filterOf,
  close: closeExtensions,
};

function methodsOf(
  extensions: readonly InstalledExtension[],
  options: CompleteOptions,
): readonly AdmittedMethod[] {
  return extensions.flatMap(({ id, isServerOnly = false, methods = [] }) => {
    const required = isServerOnly ? {} : { extension: id };
    return methods.map((served) => ({ ...withProtocolFields(served, options), ...required }));
  });
}

/**
 * Wraps a method of an extension so that its results have the members that every result must have.
 *
 * @spec basic/index#resulttype, basic/index#meta
 */
function withProtocolFields(served: ServedMethod, options: CompleteOptions): ServedMethod {
  const meta = resultMeta(options);
  return {
    ...served,
    serve: async (request, context) => {
      const result = await served.serve(request, context);
      const _meta = meta && { _meta: { ...meta, ...result._meta } };
      return { resultType: "complete", ...result, ..._meta };
    },
  };
}

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
