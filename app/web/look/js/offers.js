// Prices that end, and prices by quantity. Without this file the page says the same in words.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const days = new Intl.NumberFormat(document.documentElement.lang || "en", { style: "unit", unit: "day", unitDisplay: "narrow" });
  const two = (number) => String(number).padStart(2, "0");

  // <time data-ends="2026-01-01T00:00:00Z">: days and a clock; with data-reload the page is asked for again at zero.
  function tick(place) {
    const left = Math.max(0, Math.round((Date.parse(place.dataset.ends) - Date.now()) / 1000));
    const clock = `${two(Math.floor(left / 3600) % 24)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
    place.textContent = left >= 86400 ? `${days.format(Math.floor(left / 86400))} ${clock}` : clock;
    if (left > 0 || !("ends" in place.dataset)) return;
    delete place.dataset.ends;
    if ("reload" in place.dataset) setTimeout(() => location.reload(), 1500);
  }

  // The chosen Sku brings its own offer; the tier that the quantity has reached is marked.
  function product(form) {
    const place = form.querySelector("[data-offer]");
    const quantity = form.querySelector("[name=quantity]");
    const mark = () => {
      const reached = all("[data-from]", place).filter((row) => Number(row.dataset.from) <= Number(quantity.value));
      for (const row of all("[data-from]", place)) row.toggleAttribute("data-reached", row === reached.at(-1));
    };
    const choose = (radio) => {
      place.innerHTML = radio.closest(".choice").querySelector("[data-choice-offer]").innerHTML;
      for (const box of all("[data-for-choice]", form)) box.hidden = !box.dataset.forChoice.split(" ").includes(radio.value);
      tickAll();
      mark();
    };
    for (const radio of all("[name=sku]", form)) {
      radio.addEventListener("change", () => choose(radio));
      if (radio.checked) choose(radio);
    }
    quantity.addEventListener("input", mark);
    quantity.addEventListener("change", mark);
  }

  const tickAll = () => all("time[data-ends]").forEach(tick);
  for (const form of all("form[data-product]")) if (form.querySelector("[data-offer]")) product(form);
  tickAll();
  setInterval(tickAll, 1000);
})();
