/** The backend for vendors' APIs, as the rest of the program sees it. */
export { createHttpApiBackend } from "./backend.ts";
export { checkCredential, type Verdict } from "./check.ts";
export type { HttpApiOptions } from "./options.ts";
export { relays } from "./relays.ts";
