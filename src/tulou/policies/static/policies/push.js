// This browser's own subscription to messages: asked for by a tap, never on arrival.
const place = document.querySelector("[data-push]");
const said = place?.querySelector("[data-push-said]");
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function nameOfBrowser() {
  const brand = navigator.userAgentData?.brands?.find((b) => !/not/i.test(b.brand))?.brand;
  const platform = navigator.userAgentData?.platform || navigator.platform || "";
  return [brand, platform].filter(Boolean).join(" · ").slice(0, 80);
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") {
    said.textContent = place.dataset.denied;
    return;
  }
  const worker = await navigator.serviceWorker.ready;
  const found = (await worker.pushManager.getSubscription())
    || (await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(place.dataset.key) }));
  const body = new FormData();
  body.set("endpoint", found.endpoint);
  body.set("public_key", text(found.getKey("p256dh")));
  body.set("secret", text(found.getKey("auth")));
  body.set("name", nameOfBrowser());
  const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(place.dataset.url, { method: "POST", body, headers: { "X-CSRFToken": token } });
  if (!answer.ok) throw new Error(answer.status);
  said.textContent = place.dataset.said;
}

if (place && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  const button = place.querySelector("[data-push-on]");
  button.hidden = false;
  place.querySelector("[data-push-none]").hidden = true;
  button.addEventListener("click", () => subscribe().catch(() => { said.textContent = place.dataset.failed; }));
}
