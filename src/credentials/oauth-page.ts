import type { Reception } from "./oauth-callback.ts";

const pages: Readonly<Record<Reception, { readonly status: number; readonly title: string; readonly text: string }>> = {
  taken: {
    status: 200,
    title: "Received",
    text: "The terminal in which the sign-in was begun goes on with it and says how it ended. You can close this page.",
  },
  unknown: {
    status: 404,
    title: "No sign-in waits for this",
    text: "It has been used, was begun anew, or did not begin here. Begin one with <code>ccproxy auth login NAME --oauth</code>.",
  },
  late: {
    status: 410,
    title: "Too late",
    text: "The sign-in waited some minutes and is over. Begin another with <code>ccproxy auth login NAME --oauth</code>.",
  },
  empty: {
    status: 404,
    title: "Nothing came along",
    text: "The address has neither a code nor a refusal in it. Begin again with <code>ccproxy auth login NAME --oauth</code>.",
  },
};

/** What the browser shows; nothing of what it came with stands in it. */
export function oauthPage(reception: Reception): Response {
  const { status, title, text } = pages[reception];
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title} - ccproxy</title><h1>${title}</h1><p>${text}</p></html>\n`;
  return new Response(body, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}
