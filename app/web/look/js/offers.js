// The offer of the chosen Sku, and prices by quantity; countdown.js counts down. Without this file the page says the same in words.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

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
      mark();
    };
    for (const radio of all("[name=sku]", form)) {
      radio.addEventListener("change", () => choose(radio));
      if (radio.checked) choose(radio);
    }
    quantity.addEventListener("input", mark);
    quantity.addEventListener("change", mark);
  }

  for (const form of all("form[data-product]")) if (form.querySelector("[data-offer]")) product(form);
})();
