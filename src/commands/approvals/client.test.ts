import { expect, test } from "bun:test";

import { createPermissionClient } from "./client.ts";

test("where nothing listens, it says so, with what to do, and comes back", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const url = `http://127.0.0.1:${server.port}`;
  await server.stop(true);
  const stop = new AbortController();
  const client = createPermissionClient({ url, token: undefined, watch: true });
  for await (const heard of client.listen(stop.signal)) {
    expect(heard).toMatchObject({
      type: "lost",
      why: `Nothing answers at ${url}: start \`ccproxy serve --approvals\` there, or name another address with --url.`,
    });
    stop.abort();
  }
});
