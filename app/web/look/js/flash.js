// The line of a flash sale: counts down by the server's time, works on the challenge meanwhile, keeps the ticket,
// and asks where it stands as often as the server says.
(() => {
  const box = document.querySelector("[data-flash]");
  if (!box) return;
  const here = `/flash/${box.dataset.flash}`;
  const all = (selector) => [...box.querySelectorAll(selector)];
  const one = (selector) => box.querySelector(selector);
  const form = one("[data-enter]");
  const button = form.querySelector("button");
  const starts = Date.parse(box.dataset.starts);
  const kept = `flash:${box.dataset.flash}`;
  const store = { get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* private */ } } };
  let ticket = store.get(kept);
  let ahead = 0;            // how far the server's clock is before ours, in ms
  let state = box.dataset.state === "over" ? "over" : "early";
  let until = 0;
  let solution = null;
  let solved = 0;
  let timer = 0;
  let entering = false;

  const now = () => Date.now() + ahead;

  function show(next) {
    state = next;
    box.dataset.state = next;
    for (const part of all("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(next);
    button.disabled = next === "early" || entering;
  }

  function problem(words) {
    const note = one("[data-problem]");
    note.hidden = !words;
    note.querySelector("p").textContent = words || "";
  }

  function spell(seconds) {
    const days = Math.floor(seconds / 86400), hours = Math.floor(seconds / 3600) % 24;
    const two = (value) => String(value).padStart(2, "0");
    const clock = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    return days ? `${days} × 24 h ${two(hours)}:${clock}` : hours ? `${hours}:${clock}` : clock;
  }

  function tick() {
    const place = one("[data-count]");
    const left = starts - now();
    place.textContent = spell(Math.max(0, Math.ceil(left / 1000)));
    if (state === "early" && left <= 0) { show("open"); ask(300 + Math.random() * 1500); }
    if (state === "early" && left < 240_000) solve();
    if (state === "granted") one("[data-left]").textContent = spell(Math.max(0, Math.ceil((until - now()) / 1000)));
    // On the second of the server's clock, so that the button opens for everybody at one instant.
    setTimeout(tick, state === "early" && left < 1000 ? Math.max(5, left) : 1000 - (now() % 1000));
  }

  // Begun while counting down; one proof is one entry.
  function solve() {
    if (!("challenge" in box.dataset)) return null;
    if (solved && Date.now() - solved > 720_000) { solution = null; solved = 0; }  // it is good for a quarter of an hour
    if (solution) return solution;
    solution = (async () => {
      const task = await (await fetch(`${here}/task`, { cache: "no-store" })).json();
      const hands = Math.max(1, Math.min(navigator.hardwareConcurrency || 2, 4));
      const workers = Array.from({ length: hands }, () => new Worker(box.dataset.worker));
      try {
        const found = await new Promise((done, fail) => workers.forEach((worker, start) => {
          worker.onmessage = ({ data }) => (data.error ? fail(new Error(data.error)) : done(data));
          worker.onerror = fail;
          worker.postMessage({ parameters: task.parameters, start, step: hands });
        }));
        solved = Date.now();
        return btoa(JSON.stringify({ challenge: task, solution: found }));
      } finally {
        workers.forEach((worker) => worker.terminate());
      }
    })();
    solution.catch(() => { solution = null; });
    return solution;
  }

  function hear(said) {
    if (said.now) ahead = said.now - Date.now();
    if (said.ticket) { ticket = said.ticket; store.set(kept, ticket); one("[data-ticket]").value = ticket; }
    for (const part of all("[data-fill]")) {
      const name = part.dataset.fill;
      if (name in said) part.textContent = name === "odds" && said.odds < 1 ? "< 1" : said[name];
    }
    if (said.until) {
      until = Date.parse(said.until);
      one("[data-fill=clock]").textContent = new Date(until).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    }
    if (["lapsed", "returned"].includes(said.state)) { ticket = null; store.set(kept, null); }
    show(said.state);
    if (said.again_ms) ask(said.again_ms);
  }

  function ask(pause) {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      try {
        const answer = await fetch(`${here}/place`, { cache: "no-store", headers: ticket ? { "X-Ticket": ticket } : {} });
        const said = await answer.json();
        if (said.state === "refused") throw new Error(said.code);
        hear(said);
      } catch {
        ask(1500 + Math.random() * 1500);
      }
    }, pause);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (entering || state === "early") return;
    entering = true;
    problem("");
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      const body = new FormData(form);
      if ("challenge" in box.dataset) {
        one("[data-working]").hidden = false;
        body.set("challenge", await solve());
        solution = null;
      }
      const answer = await fetch(`${here}/enter`, { method: "POST", body, headers: { "X-Fragment": "1" } });
      const said = await answer.json();
      if (said.state !== "refused") hear(said);
      else problem(said.words);
    } catch {
      problem(document.querySelector("[data-toasts]")?.dataset.offline);
    }
    entering = false;
    one("[data-working]").hidden = true;
    button.removeAttribute("aria-busy");
    button.disabled = state === "early";
  });

  if (ticket) one("[data-ticket]").value = ticket;
  show(state);
  ask(0);
  tick();
})();
