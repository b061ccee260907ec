/** What makes any program work as it does in the user's terminal: where things are, and how to reach the network. */
const everyProgram = [
  "HOME PATH LANG LANGUAGE TZ USER LOGNAME SHELL TERM TMPDIR",
  "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY",
  "NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR",
  "SSH_AUTH_SOCK GIT_SSH_COMMAND DBUS_SESSION_BUS_ADDRESS",
  // Without these a Windows process can neither find its own directories nor start a shell.
  "SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT TEMP TMP USERPROFILE USERNAME HOMEDRIVE HOMEPATH",
  "APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE",
];
const everyPrefix = ["LC_", "XDG_"];

export interface Inheritance {
  /** Names beside those, as lists of words. */
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
}

/** Of our own environment what a child is to have. Anything not listed stays behind: NODE_OPTIONS, LD_PRELOAD, our secrets. */
export function inheritEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  { names, prefixes }: Inheritance,
): Readonly<Record<string, string>> {
  const allowed = new Set([...everyProgram, ...names].flatMap((list) => list.split(" ")));
  // Windows names come in any case; elsewhere an upper-cased look-up only ever adds the lower-case proxy names.
  const isAllowed = (name: string): boolean =>
    allowed.has(name) ||
    allowed.has(name.toUpperCase()) ||
    [...everyPrefix, ...prefixes].some((prefix) => name.startsWith(prefix));
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && isAllowed(name) ? [[name, value] as const] : [],
    ),
  );
}
