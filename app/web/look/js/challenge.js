// <work-check>: solves a challenge by itself while the visitor reads, says in words how it stands, and fills the
// form's hidden field. A form that is sent too early waits for it. Drawn by look/challenge.html.
(() => {
  if (customElements.get("work-check")) return;
  const SLOW_MS = 6000;
  const RENEW_MS = 12 * 60 * 1000; // the server takes a solution for fifteen minutes

  // One proof of work in all the hands there are; `rest` lets them go, found or not. Other pages' scripts use it too.
  function solver(worker, parameters) {
    const hands = Math.max(1, Math.min(navigator.hardwareConcurrency || 2, 4));
    let workers = [];
    const rest = () => { for (const one of workers) one.terminate(); workers = []; };
    const found = new Promise((done, failed) => {
      workers = Array.from({ length: hands }, (_, start) => {
        const one = new Worker(worker);
        one.onmessage = ({ data }) => (data.error ? failed(new Error(data.error)) : done(data));
        one.onerror = failed;
        one.postMessage({ parameters, start, step: hands });
        return one;
      });
    });
    return { found, rest };
  }
  window.perkline = { ...window.perkline, solver };

  class WorkCheck extends HTMLElement {
    connectedCallback() {
      this.querySelector("[data-without]")?.remove();
      this.field = this.querySelector("[name=challenge]");
      this.said = this.querySelector("[data-said]");
      this.again = this.querySelector("[data-again]");
      this.form = this.closest("form");
      this.again.onclick = () => this.begin();
      this.hold = (event) => this.wait(event);
      this.form?.addEventListener("submit", this.hold, true);
      this.renew = () => document.hidden || (this.old() && this.begin());
      document.addEventListener("visibilitychange", this.renew);
      // A page that the back button brings again would send what was spent.
      this.back = (event) => event.persisted && this.begin();
      addEventListener("pageshow", this.back);
      this.begin();
    }

    disconnectedCallback() {
      this.stop();
      this.form?.removeEventListener("submit", this.hold, true);
      document.removeEventListener("visibilitychange", this.renew);
      removeEventListener("pageshow", this.back);
    }

    old() {
      return this.dataset.state === "ready" && Date.now() - this.since > RENEW_MS;
    }

    async begin() {
      this.stop();
      const turn = (this.turn = Symbol("turn"));
      this.field.value = "";
      this.since = Date.now();
      this.show("working");
      this.timer = setTimeout(() => this.dataset.state === "working" && this.show("slow"), SLOW_MS);
      try {
        const answer = await fetch(this.dataset.from, { cache: "no-store", headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(answer.status);
        const challenge = await answer.json();
        const solution = await this.solve(challenge.parameters);
        if (turn !== this.turn) return;
        this.field.value = btoa(JSON.stringify({ challenge, solution }));
        this.timer = setTimeout(this.renew, RENEW_MS + 1000);
        this.show("ready");
        this.dispatchEvent(new CustomEvent("challenge-ready", { bubbles: true }));
        if (this.waiting) this.send();
      } catch {
        if (turn === this.turn) this.fail();
      } finally {
        if (turn === this.turn) this.rest();
      }
    }

    solve(parameters) {
      this.work = solver(this.dataset.worker, parameters);
      return this.work.found;
    }

    wait(event) {
      if (this.dataset.state === "ready" && !this.old()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.waiting = event.submitter ?? true;
      if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
      if (!["working", "slow"].includes(this.dataset.state)) this.begin();
    }

    send() {
      const button = this.waiting === true ? undefined : this.waiting;
      this.waiting = null;
      button?.removeAttribute("aria-busy");
      this.form.requestSubmit(button?.isConnected ? button : undefined);
    }

    fail() {
      this.show("failed");
      if (this.waiting && this.waiting !== true) this.waiting.removeAttribute("aria-busy");
      this.waiting = null;
    }

    show(state) {
      this.dataset.state = state;
      this.said.textContent = this.said.dataset[state];
      this.again.hidden = state !== "failed";
    }

    rest() {
      this.work?.rest();
    }

    stop() {
      this.turn = null;
      clearTimeout(this.timer);
      this.rest();
    }
  }

  customElements.define("work-check", WorkCheck);
})();
