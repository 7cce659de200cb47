// Countdowns by the server's clock, however wrong the visitor's is: <time data-countdown="ISO"> with days, hh:mm:ss,
// and <time data-until="ISO"> with m:ss. At zero, everything that waits for it opens at the same instant:
//   <button disabled data-opens="id">, <p hidden data-shows-after="id">, <p data-hides-after="id">
// (id of the <time>; none means any countdown of the page), the <time> fires `countdown-over`, and a
// [data-countdown-said] nearby says its data-over words. Drawn by look/countdown.html.
(() => {
  const GOOD_MS = 150; // a question answered in this time tells the clock to within half of it
  const LONGEST_TIMER = 3600e3;
  const DAY = 86400e3;
  const running = new Map();
  const language = document.documentElement.lang || "en";

  // The server's time is what performance.now() shows plus this; until it is known, our own clock's word is taken.
  let ahead = Date.now() - performance.now();
  let known = false;
  let drift = ahead; // notices a device that slept, or whose own clock was set
  let asking = null;
  const serverNow = () => performance.now() + ahead;

  async function question() {
    const sent = performance.now();
    const answer = await fetch("/now", { cache: "no-store" });
    const back = performance.now();
    if (!answer.ok) throw new Error(answer.status);
    const { now } = await answer.json();
    return { trip: back - sent, ahead: now - (sent + back) / 2 };
  }

  // Ask until an answer came quickly, at most four times, and believe the quickest.
  function measure() {
    asking ??= (async () => {
      let best = null;
      for (let turn = 0; turn < 4 && !(best?.trip < GOOD_MS); turn++) {
        try {
          const told = await question();
          if (!best || told.trip < best.trip) best = told;
        } catch {
          await new Promise((rest) => setTimeout(rest, 500 * (turn + 1)));
        }
      }
      asking = null;
      if (best) ahead = best.ahead;
      known = true;
      drift = Date.now() - performance.now();
      running.forEach((one) => one.tick());
    })();
    return asking;
  }

  function words(left, place) {
    const seconds = Math.ceil(left / 1000);
    const two = (number) => String(number).padStart(2, "0");
    const days = Math.floor(seconds / 86400), hours = Math.floor((seconds % 86400) / 3600);
    const parts = { days, hours: two(hours), minutes: two(Math.floor(seconds / 60) % 60), seconds: two(seconds % 60) };
    const boxes = place.querySelectorAll("[data-part]");
    if (boxes.length) {
      for (const box of boxes) {
        const part = String(parts[box.dataset.part]);
        if (box.textContent !== part) box.textContent = part;
        if (box.dataset.part === "days") box.closest("[data-days]")?.toggleAttribute("hidden", !days);
      }
      return;
    }
    const minutes = `${parts.minutes}:${parts.seconds}`;
    if ("until" in place.dataset) place.textContent = `${Math.floor(seconds / 60)}:${parts.seconds}`;
    else if (!days) place.textContent = `${parts.hours}:${minutes}`;
    else {
      const many = new Intl.NumberFormat(language, { style: "unit", unit: "day", unitDisplay: "long" }).format(days);
      place.textContent = `${many} ${parts.hours}:${minutes}`;
    }
  }

  class Countdown {
    constructor(place) {
      this.place = place;
      this.end = Date.parse(place.dataset.countdown || place.dataset.until || place.dateTime);
    }

    tick() {
      clearTimeout(this.timer);
      if (!this.place.isConnected) return running.delete(this.place);
      const left = this.end - serverNow();
      if (left <= 0 && known) return this.over();
      words(Math.max(0, left), this.place);
      // To the next whole second, and at last to the very millisecond. A throttled tab ticks when it may.
      const rest = left > DAY ? Math.min(left % 1000 || 1000, LONGEST_TIMER) : left % 1000 || 1000;
      this.timer = setTimeout(() => this.tick(), Math.max(1, left > 0 ? rest : 200));
      // Once more shortly before the end, each visitor at another moment.
      this.ask ??= this.askLater(left);
    }

    askLater(left) {
      const rest = Math.min(Math.max(0, left - 15e3 - Math.random() * 45e3), LONGEST_TIMER);
      return setTimeout(() => {
        if (rest === LONGEST_TIMER) this.ask = null;
        measure();
      }, rest);
    }

    over() {
      running.delete(this.place);
      clearTimeout(this.ask);
      words(0, this.place);
      this.place.dataset.over = "";
      const is = (name) => `[data-${name}=""], [data-${name}="${CSS.escape(this.place.id || " ")}"]`;
      for (const waiting of document.querySelectorAll(is("opens"))) {
        waiting.disabled = false;
        waiting.removeAttribute("aria-disabled");
      }
      for (const hidden of document.querySelectorAll(is("shows-after"))) hidden.hidden = false;
      for (const shown of document.querySelectorAll(is("hides-after"))) shown.hidden = true;
      const said = this.place.parentElement?.querySelector("[data-countdown-said]");
      if (said) said.textContent = said.dataset.over;
      this.place.dispatchEvent(new CustomEvent("countdown-over", { bubbles: true }));
      // Not everybody at once: what has opened is on the page already.
      if ("reload" in this.place.dataset) setTimeout(() => location.reload(), 800 + Math.random() * 1200);
    }
  }

  function start(place) {
    if (running.has(place) || "over" in place.dataset) return;
    const one = new Countdown(place);
    if (Number.isNaN(one.end)) return;
    running.set(place, one);
    one.tick();
    if (!known) measure();
  }

  const PLACES = "time[data-countdown], time[data-until]";

  // A device that slept, a tab that comes to the front, a page that comes back: look at the clock anew.
  function wake() {
    if (document.hidden || !running.size) return;
    running.forEach((one) => one.tick());
    if (Math.abs(Date.now() - performance.now() - drift) > 250) measure();
  }
  document.addEventListener("visibilitychange", () => {
    wake();
    if (!document.hidden && running.size) measure();
  });
  addEventListener("pageshow", wake);
  addEventListener("online", () => running.size && measure());
  setInterval(wake, 30e3);

  document.querySelectorAll(PLACES).forEach(start);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        if (node.matches(PLACES)) start(node);
        node.querySelectorAll(PLACES).forEach(start);
      }
    }
  }).observe(document.body, { childList: true, subtree: true });

  // For scripts beside this one, such as a waiting room's.
  window.perkline = { ...window.perkline, serverNow };
})();
