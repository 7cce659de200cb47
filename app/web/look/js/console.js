// What a console page does beyond plain forms and links.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.documentElement.classList.add("enhanced");

  function toast(words) {
    const place = document.querySelector("[data-toasts]");
    if (!place || !words) return;
    const item = document.createElement("div");
    item.className = "toast-item";
    item.textContent = words;
    place.replaceChildren(item);
    setTimeout(() => item.remove(), 2600);
  }

  // <button data-confirm="Really?"> in a form asks before it is sent.
  const ask = document.querySelector("[data-ask]");
  function confirmed(form, button) {
    const words = (button ?? form).dataset.confirm ?? form.dataset.confirm;
    if (!words || form.dataset.confirmed) return true;
    if (!ask) return window.confirm(words);
    ask.querySelector("[data-ask-words]").textContent = words;
    ask.returnValue = "";
    ask.showModal();
    ask.addEventListener("close", () => {
      if (ask.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(button ?? undefined);
      delete form.dataset.confirmed;
    }, { once: true });
    return false;
  }

  // Capture: htmx must not send what is still being asked about.
  document.addEventListener("submit", (event) => {
    if (confirmed(event.target, event.submitter)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  // A plain form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented || form.matches("[hx-post], [data-hx-post]")) return;
    if ("sent" in form.dataset) return event.preventDefault();
    form.dataset.sent = "";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    for (const button of all("[aria-busy]")) button.removeAttribute("aria-busy");
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-text]");
    if (!button) return;
    const words = button.dataset.copyText ?? document.querySelector(button.dataset.copy)?.textContent.trim();
    await navigator.clipboard?.writeText(words);
    toast(document.querySelector("[data-toasts]")?.dataset.copied);
  });

  // Bulk work: how many rows are chosen, and all of them at once.
  function count(form) {
    const rows = all("tbody td:first-child input[type=checkbox]", form);
    const chosen = rows.filter((row) => row.checked).length;
    const head = form.querySelector("[data-select-all]");
    form.querySelector("[data-selected]").textContent = chosen || "";
    head.checked = chosen > 0 && chosen === rows.length;
    head.indeterminate = chosen > 0 && chosen < rows.length;
  }
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-bulk]");
    if (event.target.matches?.("[data-send-on-change]")) event.target.form.requestSubmit();
    if (!form) return;
    if (event.target.matches("[data-select-all]")) {
      for (const row of all("tbody td:first-child input[type=checkbox]", form)) row.checked = event.target.checked;
    }
    count(form);
  });

  // A file dropped or chosen says its name.
  for (const kind of ["dragover", "dragleave", "drop", "change"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target.closest?.("[data-drop]");
      if (!zone) return;
      zone.toggleAttribute("data-over", kind === "dragover");
      const file = zone.querySelector("input").files?.[0];
      if (kind === "change" && file) zone.querySelector("[data-drop-name]").textContent = file.name;
    });
  }

  // Charts, in the page's own colours.
  function colours() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(`--color-${name}`).trim();
    return { of, font: getComputedStyle(document.body).fontFamily };
  }
  function draw(figure) {
    if (!window.echarts) return;
    const { of, font } = colours();
    const axis = { axisLine: { lineStyle: { color: of("line") } }, axisLabel: { color: of("muted") }, splitLine: { lineStyle: { color: of("line") } } };
    const option = JSON.parse(figure.dataset.chart);
    for (const name of ["xAxis", "yAxis"]) {
      if (option[name]) option[name] = [option[name]].flat().map((one) => ({ ...axis, axisTick: { show: false }, splitNumber: 3, ...one }));
    }
    const chart = echarts.init(figure);
    chart.setOption({
      color: [of("primary"), of("accent"), of("info"), of("success"), of("warning"), of("muted")],
      textStyle: { fontFamily: font, color: of("base-content") },
      grid: { left: 8, right: 12, top: 24, bottom: 8, containLabel: true },
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      ...option,
      tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: of("base-100"), borderColor: of("line"), textStyle: { color: of("base-content") }, ...option.tooltip },
    });
    addEventListener("resize", () => chart.resize());
  }

  // On a phone a list's rows stand as cards: each cell says which column it is.
  function label(table) {
    const heads = all(":scope > thead > tr:last-child > th", table);
    if (heads.length < 3) return;
    table.classList.add("stacked");
    table.setAttribute("role", "table");
    all("thead, tbody", table).forEach((part) => part.setAttribute("role", "rowgroup"));
    all("tr", table).forEach((row) => row.setAttribute("role", "row"));
    heads.forEach((head) => head.setAttribute("role", "columnheader"));
    for (const row of all(":scope > tbody > tr", table)) {
      [...row.cells].forEach((cell, at) => {
        cell.setAttribute("role", "cell");
        if (cell.colSpan === 1 && heads[at]) cell.dataset.label = heads[at].textContent.trim();
      });
    }
  }

  function enliven(root) {
    all("table.list-table", root).forEach(label);
    all("[data-chart]", root).forEach(draw);
    all("form[data-bulk]", root).forEach(count);
  }
  addEventListener("DOMContentLoaded", () => enliven(document));
  document.addEventListener("htmx:after:swap", (event) => enliven(event.target));
})();
