import { accessLog } from "./access-log.ts";
import { providerResponses } from "./provider-responses.ts";
import { responseBytes } from "./response-bytes.ts";
import { responseMakers } from "./response-makers.ts";
import { responses } from "./responses.ts";
import { sessionBytes } from "./session-bytes.ts";
import { sessions } from "./sessions.ts";
import { upstreams } from "./upstreams.ts";

/** In order, and only ever added to: the schema version of a database is how many of these it has seen. */
export const migrations: readonly string[] = [
  accessLog,
  sessions,
  sessionBytes,
  responses,
  responseBytes,
  upstreams,
  providerResponses,
  responseMakers,
];
