import { sep } from "node:path";

/** Whether a path is `root` or below it. Both must be absolute, and real: links are not followed here. */
export function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
