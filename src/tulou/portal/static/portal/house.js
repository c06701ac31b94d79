// What pages gain with JavaScript: theme, toasts, confirmation, charts, uploads. Every page works without it.
const html = document.documentElement;
const words = () => document.body.dataset;

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]");
  if (target?.dataset.do === "theme") {
    html.dataset.bsTheme = html.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", html.dataset.bsTheme);
    drawCharts();
  } else if (target?.dataset.do === "print") {
    print();
  } else if (target?.dataset.do === "close") {
    target.closest("dialog")?.close();
  } else if (target?.dataset.do === "open") {
    event.preventDefault();
    document.getElementById(target.dataset.dialog)?.showModal();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  }
});

// A form with data-confirm="id of a dialog" is sent only after a yes; the button is pressed once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const dialog = form.dataset.confirm && document.getElementById(form.dataset.confirm);
  if (dialog && !form.dataset.confirmed) {
    event.preventDefault();
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit();
    }, { once: true });
    return;
  }
  if (form.method === "post" && !form.matches("[hx-post]")) {
    setTimeout(() => form.querySelectorAll("button[type=submit], button:not([type])").forEach((b) => { b.disabled = true; }));
  }
});
addEventListener("pageshow", () => document.querySelectorAll("form button:disabled:not([data-off])").forEach((b) => { b.disabled = false; }));

function toast(text, kind = "") {
  const note = document.createElement("div");
  note.className = `toast-note ${kind}`;
  note.textContent = text;
  document.querySelector(".toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}
document.addEventListener("house:toast", (event) => toast(event.detail.text, event.detail.kind));
document.addEventListener("htmx:sendError", () => toast(words().offline, "danger"));
document.addEventListener("htmx:responseError", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Trigger")) toast(words().failed, "danger");
});

// Charts: data-chart holds kind, x, series and unit; the table beside it holds the same numbers.
const tone = (name) => getComputedStyle(html).getPropertyValue(`--${name}`).trim();
function chartOptions(spec) {
  const flat = spec.kind === "hbar";
  const names = { type: "category", data: spec.x, axisLabel: { color: tone("ink-2"), hideOverlap: true }, axisLine: { lineStyle: { color: tone("line-2") } }, axisTick: { show: false } };
  const values = { type: "value", axisLabel: { color: tone("ink-2"), formatter: (v) => `${v.toLocaleString()}${spec.unit || ""}` }, splitLine: { lineStyle: { color: tone("line") } } };
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    color: [tone("brand"), "#c98f5a", tone("azure"), tone("red"), tone("green"), tone("yellow")],
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 16, top: spec.series.length > 1 ? 36 : 16, bottom: 4, containLabel: true },
    legend: spec.series.length > 1 ? { top: 0, left: 0, icon: "roundRect", textStyle: { color: tone("ink") } } : undefined,
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: tone("surface"), borderColor: tone("line-2"), textStyle: { color: tone("ink") } },
    xAxis: flat ? values : names, yAxis: flat ? { ...names, inverse: true } : values,
    series: spec.series.map((s) => ({ name: s.name, data: s.values, type: spec.kind === "line" ? "line" : "bar", smooth: 0.25, symbolSize: 6, lineStyle: { width: 2.5 }, areaStyle: spec.area ? { opacity: 0.15 } : undefined, stack: spec.stack ? "all" : undefined, barMaxWidth: 36, itemStyle: { borderRadius: spec.kind === "line" ? 0 : 3 } })),
  };
}
let loading;
function echartsReady() {
  loading ??= new Promise((done) => {
    const script = document.createElement("script");
    script.src = words().echarts;
    script.onload = () => done(window.echarts);
    document.head.append(script);
  });
  return loading;
}
async function drawCharts(root = document) {
  const places = root.querySelectorAll("[data-chart]");
  if (!places.length) return;
  const echarts = await echartsReady();
  for (const place of places) {
    echarts.getInstanceByDom(place)?.dispose();
    const chart = echarts.init(place);
    chart.setOption(chartOptions(JSON.parse(place.dataset.chart)));
    new ResizeObserver(() => chart.isDisposed() || chart.resize()).observe(place);
  }
}

// Uploads: drop a file, see its name and how far it is.
function armUploads(root = document) {
  for (const drop of root.querySelectorAll(".drop:not([data-armed])")) {
    drop.dataset.armed = "yes";
    const input = drop.querySelector("input[type=file]");
    const name = drop.querySelector("[data-name]");
    const shown = () => { name.textContent = [...input.files].map((f) => `${f.name} (${f.size < 1048576 ? `${Math.ceil(f.size / 1024)} KB` : `${(f.size / 1048576).toFixed(1)} MB`})`).join(", "); };
    input.addEventListener("change", shown);
    for (const kind of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.toggle("over", kind === "dragover"); });
    }
    drop.addEventListener("drop", (event) => { input.files = event.dataTransfer.files; shown(); });
    const form = drop.closest("form"), bar = drop.querySelector("progress");
    if (!form || !bar || !form.hasAttribute("data-upload")) continue;
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("X-Upload", "1");
      request.upload.onprogress = (e) => { bar.hidden = false; bar.max = e.total; bar.value = e.loaded; };
      request.onerror = () => { toast(words().offline, "danger"); bar.hidden = true; form.querySelectorAll("button").forEach((b) => { b.disabled = false; }); };
      request.onload = () => {
        if (request.responseURL && request.responseURL !== form.action) { location.assign(request.responseURL); return; }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        document.querySelector("main").replaceWith(page.querySelector("main"));
        arm(document);
      };
      request.send(new FormData(form));
    });
  }
}

function arm(root) {
  drawCharts(root);
  armUploads(root);
  root.querySelector?.(".summary")?.focus();
}
document.addEventListener("htmx:afterSwap", (event) => arm(event.detail.target));
arm(document);
if ("serviceWorker" in navigator && words().worker) navigator.serviceWorker.register(words().worker);

// Who signs out leaves nothing behind: no saved policies, no messages on this device's screen.
document.addEventListener("submit", (event) => {
  if (!event.target.action?.endsWith("/account/logout/")) return;
  if ("caches" in window) caches.delete("saved");
  navigator.serviceWorker?.getRegistration().then((found) => found?.pushManager?.getSubscription()).then((found) => found?.unsubscribe());
});

// Two minutes before the session ends for want of a sign of life, ask for one; pages of all tabs share the last one.
const idle = Number(words().idle || 0) * 1000;
if (idle) {
  const alive = () => localStorage.setItem("alive", String(Date.now()));
  const dialog = document.getElementById("idle");
  alive();
  document.addEventListener("htmx:afterRequest", (event) => { if (!event.detail.requestConfig.headers["Tulou-Poll"]) alive(); });
  document.querySelector("[data-stay]").addEventListener("submit", (event) => {
    event.preventDefault();
    fetch(event.target.action, { method: "POST", body: new FormData(event.target) }).then((answer) => {
      if (answer.redirected || !answer.ok) location.reload();
      alive();
      dialog.close();
      event.target.querySelector("button").disabled = false;
    });
  });
  setInterval(() => {
    const left = Number(localStorage.getItem("alive")) + idle - Date.now();
    if (left <= 0) location.reload();
    else if (left <= 120000 && !dialog.open) dialog.showModal();
    else if (left > 120000 && dialog.open) dialog.close();
  }, 5000);
}
