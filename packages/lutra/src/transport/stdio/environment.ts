/** The environment of server processes. */

/**
 * The variables that programs need to find files, other programs, the home directory and the
 * language. `sudo` and other MCP clients pass on the same list; the locations of temporary files and
 * time zones are added.
 */
const inheritedNames: readonly string[] =
  process.platform === "win32"
    ? [
        "APPDATA",
        "COMSPEC",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "PATH",
        "PATHEXT",
        "PROCESSOR_ARCHITECTURE",
        "PROGRAMFILES",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "USERNAME",
        "USERPROFILE",
      ]
    : [
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TERM",
        "TMPDIR",
        "TZ",
        "USER",
      ];

/**
 * Returns the environment of a server process: a short list of harmless variables of this process,
 * and the variables in `given`. Nothing else is inherited, because a host's environment often
 * contains keys and tokens. To pass on everything, give `process.env`.
 */
export function childEnvironment(
  given: { readonly [name: string]: string | undefined } = {},
  own: { readonly [name: string]: string | undefined } = process.env,
): Record<string, string | undefined> {
  const inherited: Record<string, string | undefined> = {};
  for (const name of inheritedNames) {
    const value = own[name];
    // Shells export functions as values with this prefix, and some programs would run them.
    if (value !== undefined && !value.startsWith("()")) inherited[name] = value;
  }
  return { ...inherited, ...given };
}
