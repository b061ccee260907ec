/**
 * The documentation page: Swagger UI from our own copy, so that it works offline and calls nobody.
 * All addresses are relative, so it also works behind a path prefix.
 */
export const swaggerPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>ccproxy API</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="swagger/swagger-ui.css" />
    <script defer src="swagger/swagger-ui-bundle.js"></script>
    <script defer src="swagger/start.js"></script>
  </head>
  <body>
    <div id="swagger-ui"></div>
  </body>
</html>
`;

/** A file of its own, so that the page needs no inline script. `validatorUrl: null`: the default one is on the web. */
export const swaggerStart = `SwaggerUIBundle({
  url: "swagger/json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** Swagger UI styles elements from script and draws its icons from data URLs; nothing else is let in. */
export const pageSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const indexPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>ccproxy</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <h1>ccproxy</h1>
    <p>Claude Code, Codex and model APIs as OpenAI and Anthropic APIs. <a href="swagger">Documentation</a>, <a href="health">health</a>,
      <a href="permissions/ui">approvals</a>.</p>
  </body>
</html>
`;
