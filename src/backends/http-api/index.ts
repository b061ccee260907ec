/** The backend for vendors' APIs, as the rest of the program sees it. */
export { createAffinity } from "./affinity.ts";
export { createHttpApiBackend } from "./backend.ts";
export { checkCredential, type Verdict } from "./check.ts";
export type { HttpApiOptions } from "./options.ts";
export type { KeptList } from "./catalogue.ts";
export { relays } from "./relays.ts";
