/** The page's script: it listens to /permissions/stream and sends the decisions. Loaded as it is, by the browser alone. */
const element = (id) => document.getElementById(id);
const calls = new Map();
let token = "";
let retryMs = 1000;

/** A click meant for the call before must not decide on the one that has just appeared. */
const settleMs = 500;

/** Invisible characters that hide or reorder text are written out. */
const deceptive =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const escapeCharacter = (character) =>
  [...character]
    .flatMap((one) => one.split(""))
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
const visible = (text) => text.replaceAll(deceptive, escapeCharacter);

function headers() {
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}

async function messageOf(response) {
  const body = await response.json().catch(() => ({}));
  return body?.error?.message ?? `The server answered with ${response.status}.`;
}

/** Resolves with whether to listen again. */
async function listen() {
  const response = await fetch("stream", { headers: headers() });
  if (response.status === 401) {
    element("access").hidden = false;
    element("status").textContent = token === "" ? "This server asks for its access token." : await messageOf(response);
    return false;
  }
  if (!response.ok) {
    element("status").textContent = await messageOf(response);
    return response.status >= 500;
  }
  // What is pending comes again.
  for (const call of calls.values()) call.article.remove();
  calls.clear();
  element("status").textContent = "connected";
  retryMs = 1000;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let unread = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return true;
    unread += decoder.decode(value, { stream: true });
    const frames = unread.split("\n\n");
    unread = frames.pop();
    for (const frame of frames) hear(frame);
  }
}

async function keepListening() {
  let again = true;
  while (again) {
    try {
      again = await listen();
    } catch {
      again = true;
    }
    if (!again) return;
    element("status").textContent = `connection lost, trying again in ${retryMs / 1000} s`;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    retryMs = Math.min(retryMs * 2, 30_000);
  }
}

function hear(frame) {
  const line = frame.split("\n").find((text) => text.startsWith("data: "));
  if (line === undefined) return;
  const event = JSON.parse(line.slice("data: ".length));
  if (event.type === "permission_request") show(event);
  if (event.type === "permission_resolved") close(event.request_id, event.status);
  if (event.type === "permission_expired") close(event.request_id, "expired, and so denied");
}

function show(asked) {
  const article = element("call").content.cloneNode(true).querySelector("article");
  const part = (selector) => article.querySelector(selector);
  const input = escapeInput(asked.input);
  article.dataset.id = asked.request_id;
  part("h2").textContent = visible(asked.tool_name);
  const about = [asked.description, asked.reason, asked.blocked_path && `path: ${asked.blocked_path}`];
  part(".about").textContent = visible(about.filter(Boolean).join(" · "));
  part(".diff").replaceChildren(...diffLines(asked.diff ?? ""));
  part("textarea").value = input;
  part(".always").hidden = asked.always === null;
  part(".always").textContent = `Allow for the session: ${visible(asked.always ?? "")}`;
  const call = { asked, article, input, shownAt: performance.now() };
  part(".allow").addEventListener("click", () => void allow(call, {}));
  part(".always").addEventListener("click", () => void allow(call, { always: true }));
  part(".deny").addEventListener("click", () => {
    const message = part(".message").value;
    void respond(call, message === "" ? { allowed: false } : { allowed: false, message });
  });
  calls.set(asked.request_id, call);
  element("calls").append(article);
  tick();
}

/** As JSON, whose own escapes say what is invisible. */
function escapeInput(input) {
  return visible(JSON.stringify(input, null, 2));
}

function diffLines(diff) {
  return visible(diff)
    .split("\n")
    .map((text) => {
      const line = document.createElement("div");
      line.textContent = text;
      if (text.startsWith("+")) line.className = "added";
      if (text.startsWith("-")) line.className = "removed";
      return line;
    });
}

async function allow(call, more) {
  const written = call.article.querySelector("textarea").value;
  if (written === call.input) return await respond(call, { allowed: true, ...more });
  try {
    await respond(call, { allowed: true, updated_input: JSON.parse(written), ...more });
  } catch {
    fault(call, "The input is no JSON.");
  }
}

async function respond(call, answer) {
  if (performance.now() - call.shownAt < settleMs) return;
  fault(call, "");
  const address = `${encodeURIComponent(call.asked.request_id)}/respond`;
  const sent = fetch(address, { method: "POST", headers: headers(), body: JSON.stringify(answer) });
  const response = await sent.catch(() => undefined);
  if (response === undefined) fault(call, "The server cannot be reached.");
  else if (!response.ok) fault(call, await messageOf(response));
}

function fault(call, text) {
  call.article.querySelector(".fault").textContent = text;
}

/** It stays where it is: nothing may move under the pointer. */
function close(id, outcome) {
  const call = calls.get(id);
  if (call === undefined) return;
  calls.delete(id);
  call.article.classList.add("over");
  call.article.querySelector(".left").textContent = outcome;
  for (const control of call.article.querySelectorAll("button, input, textarea")) control.disabled = true;
  tick();
}

function tick() {
  for (const { asked, article } of calls.values()) {
    const seconds = Math.max(0, Math.ceil((Date.parse(asked.expires_at) - Date.now()) / 1000));
    const left = article.querySelector(".left");
    left.textContent = `denied in ${seconds} s`;
    left.classList.toggle("soon", seconds <= 5);
  }
  element("idle").hidden = calls.size > 0;
  document.title = `${calls.size > 0 ? `(${calls.size}) ` : ""}ccproxy approvals`;
}

element("access").addEventListener("submit", (event) => {
  event.preventDefault();
  token = element("token").value;
  element("token").value = "";
  element("access").hidden = true;
  void keepListening();
});
setInterval(tick, 500);
void keepListening();
