/** Approvals in a browser: the same API as any other handler, from our own copy and without a library. */
export const approvalsPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>ccproxy approvals</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="ui.css" />
    <script defer src="ui.js"></script>
  </head>
  <body>
    <header>
      <h1>Approvals</h1>
      <p id="status" role="status">connecting</p>
    </header>
    <form id="access" hidden>
      <label>Access token <input id="token" type="password" autocomplete="off" required /></label>
      <button>Use it</button>
      <small>It stays in this page's memory.</small>
    </form>
    <main id="calls" aria-live="polite"></main>
    <p id="idle">Nothing waits for you.</p>
    <template id="call">
      <article>
        <h2></h2>
        <p class="left"></p>
        <p class="about"></p>
        <pre class="diff"></pre>
        <label>Input <textarea spellcheck="false"></textarea></label>
        <p class="fault" role="alert"></p>
        <div class="answers">
          <button class="allow">Allow</button>
          <button class="always"></button>
          <button class="deny">Deny</button>
          <input class="message" placeholder="Why not? Claude is told." aria-label="Message with a denial" />
        </div>
      </article>
    </template>
  </body>
</html>
`;

/** Nothing inline, nothing from elsewhere. */
export const approvalsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
