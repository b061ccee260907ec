/** The access log of a proxy, also while it runs and after it has ended. */
import { Database } from "bun:sqlite";

import { type AccessLogRow, createAccessLog } from "#store/access-log.ts";

import type { Proxy } from "./proxy.ts";

/** Newest first. */
export function readRows({ stateDirectory }: Proxy): readonly AccessLogRow[] {
  const database = new Database(`${stateDirectory}/ccproxy.db`, { readonly: true, strict: true });
  try {
    return createAccessLog(database).recent({ limit: 100_000 });
  } finally {
    database.close();
  }
}
