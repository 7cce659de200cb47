// What a storefront page does beyond plain forms and links. Every part is optional:
// without this file each page still works by loading the next one.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(name + "="))?.slice(name.length + 1);
  const toasts = document.querySelector("[data-toasts]");

  function toast(words) {
    if (!toasts || !words) return;
    const item = document.createElement("div");
    item.className = "toast-item";
    item.textContent = words;
    toasts.replaceChildren(item);
    setTimeout(() => item.remove(), 2600);
  }

  // Cart badge: pages are the same for everybody, so the count travels in a cookie.
  function countCart() {
    const count = Number(cookie("cart_count")) || 0;
    for (const badge of all("[data-cart-count]")) {
      badge.hidden = !count;
      badge.textContent = count > 99 ? "99+" : count;
    }
  }

  // Copy: <button data-copy="#id">, or data-copy-text for words not on the page.
  async function copy(button) {
    const words = button.dataset.copyText ?? document.querySelector(button.dataset.copy)?.textContent.trim();
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      const area = document.createElement("textarea");
      area.value = words;
      area.className = "sr-only";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 2000);
    toast(toasts?.dataset.copied);
  }

  // Quantity: <div data-stepper> around a number input and two hidden buttons.
  function stepper(box) {
    const input = box.querySelector("input");
    const buttons = all("[data-step]", box);
    const settle = () => {
      for (const button of buttons) {
        const next = Number(input.value) + Number(button.dataset.step);
        button.disabled = next < Number(input.min) || (input.max !== "" && next > Number(input.max));
      }
    };
    for (const button of buttons) {
      button.hidden = false;
      button.addEventListener("click", () => {
        input.value = Number(input.value) + Number(button.dataset.step);
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
    input.addEventListener("input", settle);
    settle();
  }

  // Product: the chosen Sku sets price, stock state, largest quantity and buyer fields.
  function product(form) {
    const quantity = form.querySelector("[name=quantity]");
    const choose = (radio) => {
      const choice = radio.closest(".choice");
      const price = choice.querySelector("[data-choice-price]");
      if (price) form.querySelector("[data-price]").innerHTML = price.innerHTML;
      const was = form.querySelector("[data-was]");
      was.innerHTML = choice.querySelector("[data-choice-was]").innerHTML;
      was.hidden = !was.textContent.trim();
      form.querySelector("[data-state]").innerHTML = choice.querySelector("[data-choice-state]").innerHTML;
      quantity.max = radio.dataset.most;
      quantity.value = Math.max(1, Math.min(Number(quantity.value), Number(quantity.max)));
      quantity.dispatchEvent(new Event("input", { bubbles: true }));
      for (const field of all("[data-for-skus]", form)) {
        const asks = !field.dataset.forSkus || field.dataset.forSkus.split(" ").includes(radio.value);
        field.hidden = !asks;
        for (const input of all("input, select", field)) input.disabled = !asks;
      }
    };
    for (const radio of all("[name=sku]", form)) {
      radio.addEventListener("change", () => choose(radio));
      if (radio.checked) choose(radio);
    }
  }

  // Following: <div id data-follow="/address" data-every="1000"> replaces itself with what
  // the address answers, slower and slower, until an answer no longer asks to be followed.
  function follow(box) {
    let pause = Number(box.dataset.every) || 1000;
    let misses = 0;
    const ask = async () => {
      if (!box.isConnected) return;
      if (document.hidden) return setTimeout(ask, 1000);
      try {
        const answer = await fetch(box.dataset.follow, { headers: { "X-Fragment": "1" }, cache: "no-store" });
        if (!answer.ok) throw new Error(answer.status);
        misses = 0;
        const words = await answer.text();
        if (answer.status !== 204 && words.trim() !== box.dataset.last) {
          const next = swap(box, words);
          if (next) next.dataset.last = words.trim();
          return;
        }
      } catch {
        if (++misses === 3) toast(toasts?.dataset.offline);
      }
      pause = Math.min(pause * 1.25, 8000);
      setTimeout(ask, pause);
    };
    setTimeout(ask, pause);
  }

  // Fragments: <form data-swap="#id"> posts and puts the answer in that place.
  async function send(form, button) {
    const place = document.querySelector(form.dataset.swap);
    const body = new FormData(form, button);
    button?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "1" } });
      if (!answer.ok) throw new Error(answer.status);
      swap(place, await answer.text());
      countCart();
    } catch {
      form.removeAttribute("data-swap");
      form.requestSubmit(button ?? undefined);
    }
  }

  function swap(place, words) {
    const holder = document.createElement("template");
    holder.innerHTML = words.trim();
    const next = holder.content.firstElementChild;
    if (!next) return null;
    // What the buyer has opened stays open while the rest moves on.
    for (const kept of all("[data-keep][id]", place)) next.querySelector(`#${kept.id}`)?.replaceWith(kept);
    place.replaceWith(next);
    enliven(next);
    next.querySelector("[data-focus]")?.focus();
    return next;
  }

  function enliven(root) {
    const each = (selector, work) => {
      if (root.matches?.(selector)) work(root);
      all(selector, root).forEach(work);
    };
    each("[data-stepper]", stepper);
    each("form[data-product]", product);
    each("[data-follow]", follow);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-text]");
    if (button) copy(button);
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-send-on-change]")) event.target.form.requestSubmit();
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.swap) {
      event.preventDefault();
      if (!event.submitter?.hasAttribute("aria-busy")) send(form, event.submitter);
      return;
    }
    if (form.method !== "post") return;
    if ("sent" in form.dataset) return event.preventDefault();
    form.dataset.sent = "";
    event.submitter?.setAttribute("aria-busy", "true");
  });

  // Coming back with the back button finds the form ready again.
  addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    for (const button of all("[aria-busy]")) button.removeAttribute("aria-busy");
    countCart();
  });

  enliven(document);
  countCart();
})();
