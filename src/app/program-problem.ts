import { accessSync, constants, existsSync, statSync } from "node:fs";

export interface ProgramProblem {
  /** What was seen. */
  readonly detail: string;
  /** What to do about it. */
  readonly action: string;
}

const installClaude = "install it (https://claude.com/claude-code), or name it with --claude-path";

/** Why nothing can be started from there; undefined where it looks as if it can. `action`: what else there is to do. */
export function programProblem(path: string | undefined, action: string = installClaude): ProgramProblem | undefined {
  if (path === undefined) return { detail: "not found in PATH nor in the usual places", action };
  if (!existsSync(path)) return { detail: `${path} does not exist`, action };
  if (!statSync(path).isFile()) return { detail: `${path} is not a file`, action };
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return { detail: `${path} may not be executed`, action: `chmod +x ${path}` };
  }
}
