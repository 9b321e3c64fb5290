/** The methods that the gateway knows: those of the core, and those of extensions. */
import { coreMethods, type Method } from "lutra/protocol";
import { skillMethods } from "lutra/skills";
import { taskMethods } from "lutra/tasks";

/** The methods of extensions. */
export const extensionMethods: readonly Method[] = [...taskMethods, ...skillMethods];

export const knownMethods: readonly Method[] = [...coreMethods, ...extensionMethods];
