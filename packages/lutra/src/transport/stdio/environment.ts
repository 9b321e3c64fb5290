/** What a server process learns of its host's environment. */

/**
 * The variables that programs need to find files, other programs, a home and a language. The list
 * is that of `sudo` and of other MCP clients, and the places of temporary files and time zones.
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
 * The environment of a server process: a short list of harmless variables from this process, and
 * what `given` adds. Nothing else is inherited, because the environment of a host is full of keys
 * and tokens that are none of a server's business. To hand on everything, give `process.env`.
 */
export function childEnvironment(
  given: { readonly [name: string]: string | undefined } = {},
  own: { readonly [name: string]: string | undefined } = process.env,
): Record<string, string | undefined> {
  const inherited: Record<string, string | undefined> = {};
  for (const name of inheritedNames) {
    const value = own[name];
    // Shells export functions as values that begin like this; some programs would run them.
    if (value !== undefined && !value.startsWith("()")) inherited[name] = value;
  }
  return { ...inherited, ...given };
}
