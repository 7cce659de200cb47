// The line of a flash sale: works on the challenge meanwhile, keeps the ticket,
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
  let state = box.dataset.state === "over" ? "over" : "early";
  let solution = null;
  let solved = 0;
  let timer = 0;
  let entering = false;

  const now = () => perkline.serverNow();

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

  // countdown.js tells the server's time, counts down, and says when the moment has come: to all at one instant.
  const start = one("[data-starts-at]");
  start?.addEventListener("countdown-over", () => {
    if (state !== "early") return;
    show("open");
    ask(300 + Math.random() * 1500);
  });
  const early = setInterval(() => {
    if (state !== "early") return clearInterval(early);
    if (starts - now() < 240_000) solve();
  }, 1000);

  // A unit's own time: a new <time>, since countdown.js reads an end once.
  function countTo(iso) {
    const place = one("[data-left]");
    if (!place || place.dataset.until === iso) return;
    const fresh = document.createElement("time");
    fresh.dateTime = fresh.dataset.until = iso;
    fresh.dataset.left = "";
    place.replaceWith(fresh);
  }

  // A house that is full has done nothing with what it was sent: it is asked again by itself, a little later each time.
  async function patiently(path, options) {
    const crowded = one("[data-crowded]");
    try {
      for (let nth = 0; ; nth += 1) {
        const answer = await fetch(path, { cache: "no-store", ...options });
        if (answer.status !== 503 || nth === 8) return answer;
        crowded.hidden = false;
        const seconds = (Number(answer.headers.get("Retry-After")) || 1) + nth / 2;
        await new Promise((done) => { setTimeout(done, seconds * (750 + Math.random() * 500)); });
      }
    } finally {
      crowded.hidden = true;
    }
  }

  // Begun while counting down; one proof is one entry.
  function solve() {
    if (!("challenge" in box.dataset)) return null;
    if (solved && Date.now() - solved > 720_000) { solution = null; solved = 0; }  // it is good for a quarter of an hour
    if (solution) return solution;
    solution = (async () => {
      const task = await (await patiently(`${here}/task`)).json();
      const work = perkline.solver(box.dataset.worker, task.parameters);
      try {
        const found = await work.found;
        solved = Date.now();
        return btoa(JSON.stringify({ challenge: task, solution: found }));
      } finally {
        work.rest();
      }
    })();
    solution.catch(() => { solution = null; });
    return solution;
  }

  function hear(said) {
    if (said.ticket) { ticket = said.ticket; store.set(kept, ticket); one("[data-ticket]").value = ticket; }
    for (const part of all("[data-fill]")) {
      const name = part.dataset.fill;
      if (name in said) part.textContent = name === "odds" && said.odds < 1 ? "< 1" : said[name];
    }
    if (said.until) {
      countTo(said.until);
      one("[data-fill=clock]").textContent = new Date(said.until).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    }
    if (["lapsed", "returned"].includes(said.state)) { ticket = null; store.set(kept, null); }
    // An answer that left before the start says nothing of now.
    show(said.state === "early" && starts <= now() ? "open" : said.state);
    if (said.again_ms) ask(said.again_ms);
  }

  function ask(pause) {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      try {
        const mine = ticket;
        const answer = await fetch(`${here}/place`, { cache: "no-store", headers: ticket ? { "X-Ticket": ticket } : {} });
        const said = await answer.json();
        if (said.state === "refused") throw new Error(said.code);
        if (mine !== ticket) return; // asked before this place was taken: the newer answer goes on by itself
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
      }
      const answer = await patiently(`${here}/enter`, { method: "POST", body, headers: { "X-Fragment": "1" } });
      if (answer.status === 503) throw new Error("still full");
      solution = null; // taken, or no good: the next entry works on another
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
})();
