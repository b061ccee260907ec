/**
 * Imported before anything else of this folder: Elysia reads NODE_ENV while it loads, and outside of
 * "production" it sends thrown messages and validator internals to the client.
 */
Bun.env.NODE_ENV ||= "production";
