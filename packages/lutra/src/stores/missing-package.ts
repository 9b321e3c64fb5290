/** Packages that only some features need. Applications install them when they use such a feature. */

/** Thrown when a feature needs a package that is not installed. The message names the remedy. */
export class MissingPackageError extends Error {
  override readonly name: string = "MissingPackageError";
}

export interface OptionalPackage {
  readonly name: string;
  /** The version to install. @default the latest one */
  readonly version?: string;
  /** The feature that needs the package; the subject of the message. */
  readonly feature: string;
}

/**
 * Loads a module that imports an optional package.
 *
 * @throws {MissingPackageError} if the package is not installed
 */
export async function loadOptional<Module>(
  { name, version, feature }: OptionalPackage,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    const target = version === undefined ? name : `${name}@${version}`;
    throw new MissingPackageError(
      `${feature} needs the package ${name}; install it with: npm install ${target}`,
      { cause: error },
    );
  }
}

/** True if the package could not be found. Node and Yarn use different codes. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return /(?:^|_)MODULE_NOT_FOUND$/.test(String(error.code)) && error.message.includes(name);
}
