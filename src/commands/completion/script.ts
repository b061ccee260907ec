import bash from "./ccproxy.bash" with { type: "text" };
import fish from "./ccproxy.fish" with { type: "text" };
import powershell from "./ccproxy.ps1" with { type: "text" };
import zsh from "./ccproxy.zsh" with { type: "text" };

const scripts = { bash, zsh, fish, powershell };

export type Shell = keyof typeof scripts;

export function isShell(name: string): name is Shell {
  return Object.hasOwn(scripts, name);
}

/**
 * The completion script of a shell. It asks the `ccproxy` found in PATH, never the one on the command
 * line (which may be a stranger's ./ccproxy), and without one in PATH the executable that made it.
 */
export function completionScript(shell: Shell, executable: string): string {
  return scripts[shell].replaceAll("CCPROXY_EXECUTABLE", () => quote(shell, executable));
}

function quote(shell: Shell, text: string): string {
  switch (shell) {
    case "powershell":
      return `'${text.replaceAll("'", "''")}'`;
    case "fish":
      return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    default:
      return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  }
}
