// Without a net: the policies that were saved and kept on this device, and what happens at signing out.
const kept = document.querySelector("[data-kept]");
if (kept && "caches" in window) {
  caches.open("saved").then((saved) => saved.match(kept.dataset.kept)).then((found) => found?.json()).then((policies) => {
    for (const policy of policies || []) {
      const line = document.createElement("li"), link = document.createElement("a");
      link.href = policy.url;
      link.textContent = policy.title;
      line.append(link);
      kept.querySelector("ul").append(line);
    }
    kept.hidden = !policies?.length;
  });
}
