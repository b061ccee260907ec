import { accessSync, constants, existsSync, statSync } from "node:fs";

export interface ProgramProblem {
  /** What was seen. */
  readonly detail: string;
  /** What to do about it. */
  readonly action: string;
}

/** Why nothing can be started from there; undefined where it looks as if it can. */
export function programProblem(path: string | undefined): ProgramProblem | undefined {
  const action = "install it (https://claude.com/claude-code), or name it with --claude-path";
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
