/** The backend for vendors' APIs, as the rest of the program sees it. */
export { createHttpApiBackend } from "./backend.ts";
export { relays } from "./relays.ts";
