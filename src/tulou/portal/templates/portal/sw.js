// The house without a net: its own look, a page that says so, and the policies that a firm saved.
// Pages are kept as a stranger sees them (no cookies), so that nothing of anybody's account is ever kept here; which
// policies were saved is forgotten when she signs out.
const HOUSE = "house-{{ version }}", SAVED = "saved", INDEX = "{{ offline }}index";
const SHELL = [{% for path in shell %}"{{ path }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const stranger = (path, language) => new Request(path, { credentials: "omit", headers: language ? { "Accept-Language": language } : {} });

self.addEventListener("install", (event) => event.waitUntil(
  caches.open(HOUSE).then((kept) => kept.addAll(SHELL.map((path) => stranger(path)))).then(() => self.skipWaiting()),
));
self.addEventListener("activate", (event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(names.filter((name) => name !== HOUSE && name !== SAVED).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()),
));

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST") {
    if (url.pathname === "{{ sign_out }}") event.waitUntil(caches.delete(SAVED));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).then((answer) => {
      if (url.pathname.startsWith("{{ mine }}") && answer.type === "basic" && answer.ok) event.waitUntil(keep().catch(() => {}));
      return answer;
    }, () => without(url)));
  } else if (url.pathname.startsWith("{{ static_url }}")) {
    event.respondWith(fetch(request).then((answer) => {
      if (answer.ok) { const copy = answer.clone(); event.waitUntil(caches.open(HOUSE).then((kept) => kept.put(request, copy))); }
      return answer;
    }, () => caches.match(request).then((kept) => kept || Response.error())));
  }
});

async function without(url) {
  const saved = await caches.open(SAVED);
  const page = url.pathname.replace("{{ mine }}", "{{ policies }}");
  return (await saved.match(page, { ignoreSearch: true, ignoreVary: true })) || (await caches.match("{{ offline }}", { ignoreVary: true })) || Response.error();
}

// Brings what is kept in line with what the firm saved; nobody signed in: nothing is kept.
async function keep() {
  const answer = await fetch("{{ list }}", { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) { await caches.delete(SAVED); return; }
  const { language, policies } = await answer.json();
  const saved = await caches.open(SAVED), wanted = new Set(policies.map((each) => each.url));
  for (const request of await saved.keys()) {
    if (!wanted.has(new URL(request.url).pathname)) await saved.delete(request);
  }
  for (const { url } of policies) {
    const page = await fetch(stranger(url, language));
    if (page.ok) await saved.put(url, page);
  }
  await saved.put(INDEX, new Response(JSON.stringify(policies), { headers: { "Content-Type": "application/json" } }));
}

self.addEventListener("push", (event) => {
  const said = event.data?.json() ?? {};
  event.waitUntil(self.registration.showNotification(said.title || "", {
    body: said.body, tag: said.tag, data: { url: said.url }, icon: "{{ icon }}", badge: "{{ icon }}",
  }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url || "/", location.origin).href;
  event.waitUntil(self.clients.matchAll({ type: "window" }).then((open) => {
    const there = open.find((client) => new URL(client.url).origin === location.origin);
    return there ? there.navigate(url).then((client) => client?.focus()) : self.clients.openWindow(url);
  }));
});
